"""Random Cut Forest with the scoring rules of the Kinesis Analytics service, in C behind a small Python class."""

from cutwatch.forest.bank import ForestBank
from cutwatch.forest.explanation import format_explanation
from cutwatch.forest.forest import RandomCutForest
from cutwatch.forest.parameters import ForestParameters
from cutwatch.forest.rows import acceptable_rows
from cutwatch.forest.scores import Score, Scores

__all__ = [
    "ForestBank",
    "ForestParameters",
    "RandomCutForest",
    "Score",
    "Scores",
    "acceptable_rows",
    "format_explanation",
]
