"""The Flink engine: the same program and the same operators, spread over a cluster, with Flink's checkpoints.

Nothing in this package's `lanes`, `order`, `intake` and `lane` modules needs Flink; `operators` and `job` do.
"""
