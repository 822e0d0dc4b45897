"""The embedded engine: in this process, over micro-batches, in event time."""

from cutwatch.sql.engines.embedded.engine import Counters, EmbeddedEngine

__all__ = ["Counters", "EmbeddedEngine"]
