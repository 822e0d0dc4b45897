"""The functions: one folder each, `handler.py` (edge), `logic.py` (pure), `adapters.py` (AWS calls)."""
