"""Which program stands in for which image. An algorithm is recognised by the name of its repository."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

_REFERENCE = re.compile(r"(?:[^/\s]+/)*(?P<repository>[a-z0-9._-]+)(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")


@dataclass(frozen=True)
class Algorithm:
    """A stand-in for a built-in algorithm.

    Attributes:
        name: SageMaker's name of its repository.
        package: the Python package that is its program.
        environment: folder of the virtual environment that it runs in; None is the local cloud's own.
    """

    name: str
    package: str
    environment: str | None = None

    @property
    def python(self) -> Path:
        """The interpreter that runs it."""
        return ROOT / self.environment / "bin" / "python" if self.environment else Path(sys.executable)

    @property
    def script(self) -> Path:
        """Its program."""
        return ROOT / "cutwatch" / self.package / "__main__.py"

    @property
    def missing(self) -> str:
        """Why it cannot run here, in one sentence; empty where it can."""
        if self.python.exists():
            return ""
        target = f"`make {self.environment}/.done`"
        return f"the local {self.name} needs its environment {self.environment}: make it with {target}"


ALGORITHMS = (
    Algorithm("randomcutforest", "randomcutforest"),
    Algorithm("forecasting-deepar", "deepar", ".venv-deepar"),
)


def repository_of(image: str) -> str:
    """The repository of an image.

    Example:
        >>> repository_of("382416733822.dkr.ecr.us-east-1.amazonaws.com/randomcutforest:1")
        'randomcutforest'
    """
    match = _REFERENCE.fullmatch(image)
    return match["repository"] if match else image


def algorithm_of(image: str) -> Algorithm | None:
    """The program that stands in for an image, None where there is none."""
    repository = repository_of(image)
    return next((algorithm for algorithm in ALGORITHMS if algorithm.name == repository), None)


def no_such_repository(image: str) -> str:
    """AWS's words for an image that cannot be pulled, and which there are here."""
    names = " and ".join(algorithm.name for algorithm in ALGORITHMS)
    return (
        f"Cannot find repository: {repository_of(image)} of image {image}. Please check if your ECR repository exists "
        f"and the role has proper pull permissions (the local cloud has {names})"
    )
