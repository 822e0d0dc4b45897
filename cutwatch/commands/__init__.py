"""The commands of `python -m cutwatch`, one module each: `add_arguments(parser)` and `run(args) -> exit code`."""
