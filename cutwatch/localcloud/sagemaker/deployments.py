"""A deployment: the models of one endpoint configuration, served. An endpoint swaps one for another."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cutwatch.errors import CutwatchError, OperatorError
from cutwatch.localcloud.sagemaker.images import repository_of
from cutwatch.localcloud.sagemaker.logs import ENDPOINT_GROUP
from cutwatch.localcloud.sagemaker.replicas import Launch, Replica
from cutwatch.localcloud.sagemaker.resources import EndpointConfig, Estate, Model


@dataclass(frozen=True)
class Variant:
    """One production variant, served."""

    config: Mapping[str, Any]
    image: str
    deployed: float
    replica: Replica

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.config["VariantName"])

    @property
    def weight(self) -> float:
        """Its share of the requests, relative to the others'."""
        return float(self.config.get("InitialVariantWeight", 1.0))

    @property
    def serverless(self) -> bool:
        """Whether it runs without instances."""
        return bool(self.config.get("ServerlessConfig"))

    def summary(self) -> dict[str, Any]:
        """Its entry in DescribeEndpoint."""
        told: dict[str, Any] = {
            "VariantName": self.name,
            "DeployedImages": [
                {"SpecifiedImage": self.image, "ResolvedImage": self.image, "ResolutionTime": self.deployed}
            ],
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
        }
        if self.serverless:
            return told | {"CurrentServerlessConfig": dict(self.config["ServerlessConfig"])}
        count = self.config["InitialInstanceCount"]
        return told | {"CurrentInstanceCount": count, "DesiredInstanceCount": count}


class RetiredError(Exception):
    """Raised when a deployment takes no more requests because another has taken its place."""


class Deployment:
    """Served models. Requests in flight are answered before it ends.

    Args:
        config_name: of the endpoint configuration.
        variants: served.
    """

    def __init__(self, config_name: str, variants: list[Variant]) -> None:
        self.config_name = config_name
        self.variants = variants
        self._random = random.Random(0)  # noqa: S311 - spreads requests
        self._in_flight = 0
        self._retired = False
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, target: str) -> Iterator[Variant | None]:
        """Hold the deployment for the time of one request.

        Args:
            target: the variant that must answer; empty chooses one by weight.

        Yields:
            The variant, None where there is none of that name.

        Raises:
            RetiredError: it takes no more requests.
        """
        with self._changed:
            if self._retired:
                raise RetiredError
            self._in_flight += 1
        try:
            yield self._choose(target)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def retire(self) -> None:
        """Take no more requests, wait for those in flight, end."""
        with self._changed:
            self._retired = True
            self._changed.wait_for(lambda: self._in_flight == 0)
        for variant in self.variants:
            variant.replica.end()

    def _choose(self, target: str) -> Variant | None:
        if target:
            return next((variant for variant in self.variants if variant.name == target), None)
        weights = [variant.weight for variant in self.variants]
        if len(weights) == 1 or not sum(weights):
            return self.variants[0]
        return self._random.choices(self.variants, weights)[0]


def deploy(estate: Estate, endpoint_name: str, config: EndpointConfig, launch: Launch, now: float) -> Deployment:
    """Serve every variant of a configuration.

    Raises:
        OperatorError: one cannot be served; none is then.
    """
    variants: list[Variant] = []
    try:
        for number, settings in enumerate(config.variants):
            model = _model(estate, settings)
            image, data = model.container["Image"], model.container["ModelDataUrl"]
            stream = f"{settings['VariantName']}/local-{int(now * 1000):x}{number}"
            try:
                replica = launch(image, data, f"{ENDPOINT_GROUP}/{endpoint_name}", stream)
            except CutwatchError as error:
                raise _not_served(settings, image, error) from error
            variants.append(Variant(settings, image, now, replica))
    except BaseException:
        for variant in variants:
            variant.replica.end()
        raise
    return Deployment(config.name, variants)


def _model(estate: Estate, settings: Mapping[str, Any]) -> Model:
    model = estate.models.get(settings["ModelName"])
    if model is None:
        raise OperatorError(f'Could not find model "{estate.place.arn("model", settings["ModelName"])}".')
    return model


def _not_served(settings: Mapping[str, Any], image: str, error: CutwatchError) -> OperatorError:
    text = str(error)
    if text.startswith("did not"):
        return OperatorError(f"The primary container for production variant {settings['VariantName']} {text}")
    return OperatorError(f"{text} (production variant {settings['VariantName']}, image {repository_of(image)})")
