"""The parameters of a forest and what they may be: those of the Kinesis Analytics function RANDOM_CUT_FOREST."""

from __future__ import annotations

from dataclasses import dataclass

from cutwatch.errors import DeveloperError

MAX_COLUMNS = 30
"""How many numeric columns the function scores at most."""

DEFAULT_TREES = 100
DEFAULT_SUB_SAMPLE_SIZE = 256
DEFAULT_TIME_DECAY = 100_000
DEFAULT_SHINGLE_SIZE = 1

LIMITS = {
    "columns": (1, MAX_COLUMNS),
    "trees": (1, 1_000),
    "sub_sample_size": (10, 1_000),
    "time_decay": (1, 2_147_483_647),
    "shingle_size": (1, 30),
}
"""The least and the most that each parameter may be. `sub_sample_size` must also be less than `time_decay`."""


@dataclass(frozen=True, slots=True)
class ForestParameters:
    """The checked parameters of a forest.

    The ranges and defaults are those of the service: numberOfTrees, subSampleSize, timeDecay and shingleSize in
    https://docs.aws.amazon.com/kinesisanalytics/latest/sqlref/sqlrf-random-cut-forest-with-explanation.html

    Attributes:
        columns: numbers in a record, 1 to 30.
        trees: how many trees vote, 1 to 1,000.
        sub_sample_size: records that each tree keeps, 10 to 1,000; so many records score 0 while the forest learns.
        time_decay: after so many records a record's weight in the sample has fallen by a factor e.
        shingle_size: consecutive records that are looked at together, 1 to 30.
        seed: the start of the random numbers; any whole number.

    Raises:
        DeveloperError: when a parameter is not a whole number or is out of its range.
    """

    columns: int
    trees: int = DEFAULT_TREES
    sub_sample_size: int = DEFAULT_SUB_SAMPLE_SIZE
    time_decay: int = DEFAULT_TIME_DECAY
    shingle_size: int = DEFAULT_SHINGLE_SIZE
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise DeveloperError(f"{name} must be a whole number from {least:,} to {most:,}, not {value!r}.")
        if self.sub_sample_size >= self.time_decay:
            raise DeveloperError(
                f"sub_sample_size must be less than time_decay, and {self.sub_sample_size:,} is not less than "
                f"{self.time_decay:,}."
            )
        if type(self.seed) is not int:
            raise DeveloperError(f"seed must be a whole number, not {self.seed!r}.")
