"""The analytics application on Flink: the same entry, properties and outputs, with Flink's sources, sinks and state."""
