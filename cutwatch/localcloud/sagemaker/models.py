"""Models and endpoint configurations: records that endpoints are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutwatch.errors import CutwatchError
from cutwatch.localcloud.sagemaker.errors import exists_already, invalid, not_found
from cutwatch.localcloud.sagemaker.images import algorithm_of, no_such_repository
from cutwatch.localcloud.sagemaker.listing import list_page
from cutwatch.localcloud.sagemaker.request_model import answer_members
from cutwatch.localcloud.sagemaker.resources import Clock, EndpointConfig, Estate, Model, tags_of
from cutwatch.localcloud.sagemaker.storage import Location, Storage


class Models:
    """The actions on models.

    Args:
        storage: S3.
        clock: the time.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def create(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """CreateModel: the image and the model data must be there."""
        name = request["ModelName"]
        arn = estate.place.arn("model", name)
        now = self._clock()
        model = Model(name, arn, now, now, tags_of(request), request)
        self._check(model)
        with estate.lock:
            if name in estate.models:
                raise exists_already("model", arn)
            estate.models[name] = model
        return {"ModelArn": arn}

    def describe(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeModel."""
        model = find_model(estate, request["ModelName"])
        told = answer_members("DescribeModel")
        answer = {key: value for key, value in model.request.items() if key in told}
        return answer | {"ModelArn": model.arn, "CreationTime": model.created}

    def list(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """ListModels."""
        return list_page(
            list(estate.models.values()),
            request,
            member="Models",
            summary=lambda model: {
                "ModelName": model.name,
                "ModelArn": model.arn,
                "CreationTime": model.created,
            },
        )

    def delete(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteModel: endpoints that serve it go on."""
        with estate.lock:
            del estate.models[find_model(estate, request["ModelName"]).name]
        return {}

    def _check(self, model: Model) -> None:
        containers = [model.request[key] for key in ("PrimaryContainer",) if model.request.get(key)]
        containers += model.request.get("Containers") or []
        if len(containers) != 1:
            raise invalid("A model must have a PrimaryContainer or one of Containers; pipelines are not supported by "
                          "the local cloud.")  # fmt: skip
        image, data = model.container.get("Image"), model.container.get("ModelDataUrl")
        if not image or not data:
            raise invalid("The container must have an Image and a ModelDataUrl.")
        if algorithm_of(image) is None:
            raise invalid(no_such_repository(image))
        try:
            location = Location.of(data)
        except CutwatchError as error:
            raise invalid(str(error)) from error
        if location.key not in self._storage.keys(location):
            raise invalid(f"Could not find model data at {data}.")


class EndpointConfigs:
    """The actions on endpoint configurations.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def create(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """CreateEndpointConfig: its models must exist."""
        name = request["EndpointConfigName"]
        arn = estate.place.arn("endpoint-config", name)
        now = self._clock()
        config = EndpointConfig(name, arn, now, now, tags_of(request), request)
        with estate.lock:
            _check_variants(estate, config)
            if name in estate.endpoint_configs:
                raise exists_already("endpoint configuration", arn)
            estate.endpoint_configs[name] = config
        return {"EndpointConfigArn": arn}

    def describe(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeEndpointConfig."""
        config = find_config(estate, request["EndpointConfigName"])
        told = answer_members("DescribeEndpointConfig")
        answer = {key: value for key, value in config.request.items() if key in told}
        return answer | {"EndpointConfigArn": config.arn, "CreationTime": config.created}

    def list(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """ListEndpointConfigs."""
        return list_page(
            list(estate.endpoint_configs.values()),
            request,
            member="EndpointConfigs",
            summary=lambda config: {
                "EndpointConfigName": config.name,
                "EndpointConfigArn": config.arn,
                "CreationTime": config.created,
            },
        )

    def delete(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteEndpointConfig: an endpoint that has it goes on serving, but can then no longer be updated."""
        with estate.lock:
            del estate.endpoint_configs[find_config(estate, request["EndpointConfigName"]).name]
        return {}


def find_model(estate: Estate, name: str) -> Model:
    """The model of a name."""
    if name not in estate.models:
        raise not_found("model", estate.place.arn("model", name))
    return estate.models[name]


def find_config(estate: Estate, name: str) -> EndpointConfig:
    """The endpoint configuration of a name."""
    if name not in estate.endpoint_configs:
        raise not_found("endpoint configuration", estate.place.arn("endpoint-config", name))
    return estate.endpoint_configs[name]


def _check_variants(estate: Estate, config: EndpointConfig) -> None:
    names = [variant["VariantName"] for variant in config.variants]
    if len(set(names)) < len(names):
        raise invalid("Variant names must be unique within an endpoint configuration.")
    for variant in config.variants:
        if not variant.get("ModelName"):
            raise invalid(f"Variant {variant['VariantName']} must have a ModelName.")
        find_model(estate, variant["ModelName"])
        serverless, instances = variant.get("ServerlessConfig"), variant.get("InstanceType")
        if bool(serverless) == bool(instances):
            raise invalid(f"Variant {variant['VariantName']} must have either an InstanceType or a ServerlessConfig.")
        if instances and not variant.get("InitialInstanceCount"):
            raise invalid(f"Variant {variant['VariantName']} must have an InitialInstanceCount.")
