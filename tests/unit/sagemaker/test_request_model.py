"""Requests are checked against AWS's description of its API, with AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from cutwatch.localcloud.sagemaker.errors import ApiError
from cutwatch.localcloud.sagemaker.request_model import check
from tests.unit.sagemaker.conftest import job_request


def test_a_good_request_passes() -> None:
    request = job_request("job")
    assert check("CreateTrainingJob", request) is request


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"RoleArn": None}, "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: "),
        ({"RoleArn": None}, "Member must not be null"),
        ({"RoleArn": "me"}, "2 validation errors detected: Value 'me' at 'roleArn' failed to satisfy constraint: "),
        ({"RoleArn": "me"}, "Member must have length greater than or equal to 20; Value 'me' at 'roleArn' failed"),
        ({"TrainingJobName": "a" * 64}, "Member must have length less than or equal to 63"),
        ({"HyperParameters": {"feature_dim": 3}}, "Value '3' at 'hyperParameters.feature_dim.value' failed to satisfy"),
        ({"HyperParameters": {"feature_dim": 3}}, "Member must be a string"),
        ({"HyperParameters": "none"}, "Value 'none' at 'hyperParameters' failed to satisfy constraint: Member must be"),
        ({"InputDataConfig": {}}, "Member must be a list"),
        ({"InputDataConfig": [{"ChannelName": "train"}]}, "Value null at 'inputDataConfig.1.member.dataSource'"),
        ({"Surprise": 1}, "Value '1' at 'surprise' failed to satisfy constraint: Member is unknown"),
        ({"ResourceConfig": {"InstanceType": "ml.huge"}}, "Member must satisfy enum value set: ["),
        ({"ResourceConfig": {"InstanceCount": "1"}}, "Value '1' at 'resourceConfig.instanceCount' failed to satisfy"),
        ({"ResourceConfig": {"InstanceCount": True}}, "Member must be an integer"),
        ({"ResourceConfig": {"KeepAlivePeriodInSeconds": -1}}, "Member must have value greater than or equal to 0"),
        ({"ResourceConfig": {"KeepAlivePeriodInSeconds": 21601}}, "Member must have value less than or equal to 21600"),
        ({"EnableNetworkIsolation": "yes"}, "Member must be a boolean"),
    ],
)
def test_a_bad_request_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError) as refused:
        check("CreateTrainingJob", job_request("job") | change)
    assert refused.value.code == "ValidationException"
    assert said in str(refused.value)


def test_a_request_that_is_no_object() -> None:
    with pytest.raises(ApiError, match="Member must be an object"):
        check("ListModels", [])
