"""The sample: seeded clickstreams with labelled faults, reading of people's own clicks, and replay to a stream."""
