"""Models and endpoint configurations are records, checked when they are made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sagemaker.conftest import Bench
from tests.unit.sagemaker.fakes import RCF_IMAGE, ROLE

DATA = "s3://data/model.tar.gz"


def request(**change: Any) -> dict[str, Any]:
    container = {"Image": RCF_IMAGE, "ModelDataUrl": DATA}
    return {"ModelName": "model", "ExecutionRoleArn": ROLE, "PrimaryContainer": container, **change}


def test_a_model_is_made_told_and_deleted(bench: Bench) -> None:
    bench.storage.put(DATA)
    made = bench.call("CreateModel", **request(Tags=[{"Key": "stage", "Value": "dev"}]))
    assert made == {"ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/model"}
    told = bench.call("DescribeModel", ModelName="model")
    assert told["PrimaryContainer"]["ModelDataUrl"] == DATA
    assert "Tags" not in told
    assert [one["ModelName"] for one in bench.call("ListModels")["Models"]] == ["model"]
    bench.call("DeleteModel", ModelName="model")
    assert bench.call("ListModels") == {"Models": []}
    for action in ("DescribeModel", "DeleteModel"):
        assert str(bench.refusal(action, ModelName="model")) == f'Could not find model "{made["ModelArn"]}".'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"PrimaryContainer": {"Image": RCF_IMAGE, "ModelDataUrl": "s3://data/other.tar.gz"}},
         "Could not find model data at s3://data/other.tar.gz."),
        ({"PrimaryContainer": {"Image": "1.dkr.ecr/xgboost:1", "ModelDataUrl": DATA}},
         "Cannot find repository: xgboost"),
        ({"PrimaryContainer": {"Image": RCF_IMAGE}}, "must have an Image and a ModelDataUrl"),
        ({"PrimaryContainer": None}, "must have a PrimaryContainer or one of Containers"),
        ({"ModelName": "no_score"},
         "Value 'no_score' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression"),
    ],
)  # fmt: skip
def test_refused_models(bench: Bench, change: dict[str, Any], said: str) -> None:
    bench.storage.put(DATA)
    refused = bench.refusal("CreateModel", **request(**change))
    assert refused.code == "ValidationException"
    assert said in str(refused)


def test_a_name_is_taken(bench: Bench) -> None:
    bench.storage.put(DATA)
    bench.call("CreateModel", **request())
    assert "Cannot create already existing model" in str(bench.refusal("CreateModel", **request()))


def test_a_configuration_is_made_told_and_deleted(bench: Bench) -> None:
    bench.config("config")
    told = bench.call("DescribeEndpointConfig", EndpointConfigName="config")
    assert told["ProductionVariants"][0]["ModelName"] == "config"
    assert told["EndpointConfigArn"].endswith("endpoint-config/config")
    (listed,) = bench.call("ListEndpointConfigs")["EndpointConfigs"]
    assert listed["EndpointConfigName"] == "config"
    variants = told["ProductionVariants"]
    again = bench.refusal("CreateEndpointConfig", EndpointConfigName="config", ProductionVariants=variants)
    assert str(again) == f'Cannot create already existing endpoint configuration "{told["EndpointConfigArn"]}".'
    bench.call("DeleteEndpointConfig", EndpointConfigName="config")
    gone = bench.refusal("DescribeEndpointConfig", EndpointConfigName="config")
    assert str(gone) == f'Could not find endpoint configuration "{told["EndpointConfigArn"]}".'


def test_places_do_not_see_each_other(bench: Bench) -> None:
    from cutwatch.localcloud.sagemaker.resources import Place

    bench.model("here")
    elsewhere = Place("123456789012", "eu-west-1")
    assert bench.service.call("ListModels", {}, elsewhere) == {"Models": []}
