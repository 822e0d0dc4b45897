"""Endpoints: they serve one deployment and swap it for another without failing a request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cutwatch.errors import CutwatchError
from cutwatch.localcloud.sagemaker.deployments import Deployment, deploy
from cutwatch.localcloud.sagemaker.errors import exists_already, invalid, not_found
from cutwatch.localcloud.sagemaker.listing import list_page
from cutwatch.localcloud.sagemaker.models import find_config, find_model
from cutwatch.localcloud.sagemaker.replicas import Launch
from cutwatch.localcloud.sagemaker.resources import Clock, EndpointConfig, Estate, tags_of

logger = logging.getLogger("cutwatch.sagemaker")

IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


@dataclass
class Endpoint:
    """An endpoint and what it serves."""

    name: str
    arn: str
    created: float
    modified: float
    tags: dict[str, str]
    config_name: str
    status: str = "Creating"
    failure: str = ""
    deployment: Deployment | None = None

    def summary(self) -> dict[str, Any]:
        """Its entry in ListEndpoints."""
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "EndpointStatus": self.status,
        }

    def describe(self) -> dict[str, Any]:
        """Answer DescribeEndpoint."""
        answer = self.summary() | {"EndpointConfigName": self.config_name}
        if self.deployment is not None:
            answer["ProductionVariants"] = [variant.summary() for variant in self.deployment.variants]
        if self.failure:
            answer["FailureReason"] = self.failure
        return answer


class Endpoints:
    """The actions on endpoints.

    Args:
        launch: serves a model.
        clock: the time.
    """

    def __init__(self, launch: Launch, clock: Clock) -> None:
        self._launch = launch
        self._clock = clock

    def create(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """CreateEndpoint: answers at once; the endpoint goes through Creating to InService or Failed."""
        name = request["EndpointName"]
        arn = estate.place.arn("endpoint", name)
        with estate.lock:
            if name in estate.endpoints:
                raise exists_already("endpoint", arn)
            config = _usable_config(estate, request["EndpointConfigName"])
            now = self._clock()
            endpoint = Endpoint(name, arn, now, now, tags_of(request), config.name)
            estate.endpoints[name] = endpoint
        self._in_background(self._bring_up, estate, endpoint, config)
        return {"EndpointArn": arn}

    def update(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """UpdateEndpoint: answers at once; what is served changes when the new models serve, and only then."""
        with estate.lock:
            endpoint = find_endpoint(estate, request["EndpointName"])
            config = _usable_config(estate, request["EndpointConfigName"])
            _refuse_in_progress(endpoint)
            if endpoint.status == "Failed":
                raise invalid(f'Cannot update failed endpoint "{endpoint.arn}": delete it.')
            find_config(estate, endpoint.config_name)  # the service needs the old one to fall back to
            endpoint.status, endpoint.modified, endpoint.failure = "Updating", self._clock(), ""
        self._in_background(self._bring_up, estate, endpoint, config)
        return {"EndpointArn": endpoint.arn}

    def describe(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeEndpoint."""
        with estate.lock:
            return find_endpoint(estate, request["EndpointName"]).describe()

    def list(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """ListEndpoints."""
        return list_page(
            list(estate.endpoints.values()),
            request,
            member="Endpoints",
            summary=Endpoint.summary,
            status=lambda endpoint: endpoint.status,
        )

    def delete(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteEndpoint: answers at once; the endpoint goes through Deleting and is gone."""
        with estate.lock:
            endpoint = find_endpoint(estate, request["EndpointName"])
            _refuse_in_progress(endpoint)
            endpoint.status, endpoint.modified = "Deleting", self._clock()
        self._in_background(self._take_down, estate, endpoint)
        return {}

    def _bring_up(self, estate: Estate, endpoint: Endpoint, config: EndpointConfig) -> None:
        try:
            fresh = deploy(estate, endpoint.name, config, self._launch, self._clock())
        except Exception as error:
            if not isinstance(error, CutwatchError):
                logger.exception("endpoint %s", endpoint.name)
            with estate.lock:
                endpoint.failure, endpoint.modified = str(error), self._clock()
                endpoint.status = "InService" if endpoint.deployment is not None else "Failed"
            return
        with estate.lock:
            former, endpoint.deployment = endpoint.deployment, fresh
            endpoint.config_name = config.name
            endpoint.status, endpoint.modified = "InService", self._clock()
        if former is not None:
            former.retire()

    def _take_down(self, estate: Estate, endpoint: Endpoint) -> None:
        if endpoint.deployment is not None:
            endpoint.deployment.retire()
        with estate.lock:
            del estate.endpoints[endpoint.name]

    @staticmethod
    def _in_background(work: Any, *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, name="endpoint", daemon=True).start()


def find_endpoint(estate: Estate, name: str) -> Endpoint:
    """The endpoint of a name."""
    endpoint: Endpoint | None = estate.endpoints.get(name)
    if endpoint is None:
        raise not_found("endpoint", estate.place.arn("endpoint", name))
    return endpoint


def _usable_config(estate: Estate, name: str) -> EndpointConfig:
    config = find_config(estate, name)
    for variant in config.variants:
        find_model(estate, variant["ModelName"])
    return config


def _refuse_in_progress(endpoint: Endpoint) -> None:
    if endpoint.status in IN_PROGRESS:
        raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
