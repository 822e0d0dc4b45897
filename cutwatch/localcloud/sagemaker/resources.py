"""What exists in SageMaker, per account and region."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Place:
    """An account and a region."""

    account: str
    region: str

    def arn(self, kind: str, name: str) -> str:
        """The name of a resource all over AWS; `kind` is such as `training-job`."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name}"


class Resource(Protocol):
    """What all resources have."""

    name: str
    arn: str
    created: float
    modified: float
    tags: dict[str, str]


@dataclass
class Model:
    """A model: where its data are and which image serves it."""

    name: str
    arn: str
    created: float
    modified: float
    tags: dict[str, str]
    request: Mapping[str, Any]

    @property
    def container(self) -> Mapping[str, Any]:
        """Its one container."""
        only: Mapping[str, Any] = self.request.get("PrimaryContainer") or self.request["Containers"][0]
        return only


@dataclass
class EndpointConfig:
    """An endpoint configuration: which models, on what, with which share of the requests."""

    name: str
    arn: str
    created: float
    modified: float
    tags: dict[str, str]
    request: Mapping[str, Any]

    @property
    def variants(self) -> list[Mapping[str, Any]]:
        """Its production variants."""
        variants: list[Mapping[str, Any]] = self.request["ProductionVariants"]
        return variants


@dataclass
class Estate:
    """Everything in one place. Whoever looks into or changes a collection holds the lock."""

    place: Place
    lock: threading.RLock = field(default_factory=threading.RLock)
    training_jobs: dict[str, Any] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    endpoint_configs: dict[str, EndpointConfig] = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)

    def all(self) -> Iterator[Resource]:
        """Every resource."""
        for collection in (self.training_jobs, self.models, self.endpoint_configs, self.endpoints):
            yield from collection.values()


class Estates:
    """The estates of all places, each made when first asked for."""

    def __init__(self) -> None:
        self._estates: dict[Place, Estate] = {}
        self._lock = threading.Lock()

    def at(self, place: Place) -> Estate:
        """The estate of a place."""
        with self._lock:
            return self._estates.setdefault(place, Estate(place))

    def __iter__(self) -> Iterator[Estate]:
        with self._lock:
            return iter(list(self._estates.values()))


def tags_of(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a create request."""
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags") or ()}


Clock = Callable[[], float]
"""Gives the time in seconds since 1970."""
