"""SageMaker in the local cloud: jobs that train, endpoints that serve, swaps, failures, and a clean end."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from cutwatch.localcloud import LocalCloud
from tests.e2e.sagemaker_region import (
    BUCKET,
    DEEPAR,
    DEEPAR_CHANNEL,
    DEEPAR_SETTINGS,
    RCF,
    Region,
    channel,
    hourly,
    job,
    needs_deepar,
    wait_until,
)
from tests.e2e.test_local_cloud import group_members

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


@pytest.fixture(scope="module")
def region(cloud: LocalCloud) -> Region:
    return Region(cloud)


# ---- RandomCutForest ----


def test_random_cut_forest_trains_and_scores(region: Region) -> None:
    assert region.artifact("good") == f"s3://{BUCKET}/models/good/output/model.tar.gz"
    assert "trained 100 trees on 1000 rows" in region.lines("/aws/sagemaker/TrainingJobs", "good/")[-1]
    assert region.serve("rcf", RCF, region.artifact("good"))["EndpointStatus"] == "InService"
    answer = region.ask("rcf", "100,300,200\n100,30,-70\n", Accept="application/json")
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/json", "AllTraffic")
    usual, unusual = (one["score"] for one in json.load(answer["Body"])["scores"])
    assert usual < 1.5 < 3 < unusual
    answer = region.ask("rcf", '{"instances": [{"features": [100, 300, 200]}]}', "application/json",
                        Accept="application/jsonlines")  # fmt: skip
    assert json.loads(answer["Body"].read()) == {"score": usual}


def test_a_request_that_the_model_refuses(region: Region) -> None:
    if not region.sagemaker.list_endpoints(NameContains="rcf")["Endpoints"]:
        region.serve("rcf", RCF, region.artifact("good"))
    with pytest.raises(region.runtime.exceptions.ModelError) as refused:
        region.ask("rcf", "100,300\n")
    assert refused.value.response["OriginalStatusCode"] == 400
    assert "2 columns; there must be 3" in refused.value.response["OriginalMessage"]
    with pytest.raises(ClientError) as unknown:
        region.ask("nobody", "100,300,200")
    assert unknown.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("no-feature-dim", {"settings": {"num_trees": "100"}},
         "ClientError: hyperparameter feature_dim is required and missing, exit code: 2"),
        ("unknown-setting", {"settings": {"feature_dim": "3", "time_decay": "9"}},
         "ClientError: hyperparameter time_decay is unknown"),
        ("wrong-type", {"channels": [channel(f"s3://{BUCKET}/rcf/train/", "text/csv", "ShardedByS3Key")]},
         "ClientError: channel train has ContentType 'text/csv'; it must be text/csv;label_size=0"),
        ("wrong-shards", {"channels": [channel(f"s3://{BUCKET}/rcf/train/", "text/csv;label_size=0")]},
         "ClientError: channel train has S3DataDistributionType FullyReplicated; it must be ShardedByS3Key"),
        ("wrong-columns", {"settings": {"feature_dim": "2"}},
         "ClientError: part.csv, line 1: 3 columns; there must be 2"),
        ("no-such-image", {"image": RCF.replace("randomcutforest", "xgboost")},
         "ClientError: Cannot find repository: xgboost"),
    ],
)  # fmt: skip
def test_jobs_fail_as_the_containers_do(region: Region, name: str, change: dict[str, Any], reason: str) -> None:
    region.sagemaker.create_training_job(**job(name, **change))
    found = region.trained(name)
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Failed", "Failed")
    assert found["FailureReason"].startswith(reason)


def test_a_job_without_data_is_refused(region: Region) -> None:
    with pytest.raises(ClientError, match="No S3 objects found under S3 URL"):
        region.sagemaker.create_training_job(**job("no-data", channels=[channel(f"s3://{BUCKET}/empty/")]))


# ---- endpoints ----


def test_models_are_swapped_without_a_failed_request(region: Region) -> None:
    region.serve("swapped", RCF, region.artifact("good"))
    region.configure("swapped-2", RCF, region.artifact("better"))
    stop = threading.Event()
    scores: list[float] = []
    failures: list[Exception] = []

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                answer = region.ask("swapped", "100,300,200\n")
                scores.append(json.load(answer["Body"])["scores"][0]["score"])
            except (ClientError, BotoCoreError) as error:
                failures.append(error)
                return

    asking = [threading.Thread(target=keep_asking) for _ in range(3)]
    for one in asking:
        one.start()
    wait_until(lambda: len(scores), lambda count: count > 20)
    region.sagemaker.update_endpoint(EndpointName="swapped", EndpointConfigName="swapped-2")
    found = region.settled("swapped")
    before = len(scores)
    wait_until(lambda: len(scores), lambda count: count > before + 20)
    stop.set()
    for one in asking:
        one.join()
    assert failures == []
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "swapped-2")
    assert len(set(scores)) == 2  # one model's score, then the other's


def test_an_update_to_a_broken_model_falls_back(region: Region) -> None:
    region.serve("kept", RCF, region.artifact("good"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz"):
        pass
    region.configure("kept-broken", RCF, region.put("models/broken/model.tar.gz", buffer.getvalue()))
    region.sagemaker.update_endpoint(EndpointName="kept", EndpointConfigName="kept-broken")
    found = region.settled("kept")
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "kept")
    assert "production variant AllTraffic did not pass the ping health check" in found["FailureReason"]
    region.ask("kept", "100,300,200\n")
    told = region.logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/kept", filterPattern="ClientError")
    assert "the model data hold no forest in model.forest" in told["events"][0]["message"]


def test_a_new_endpoint_of_a_lost_model_fails(region: Region) -> None:
    address = region.put("models/lost/model.tar.gz", b"anything")
    region.configure("lost", RCF, address)
    region.s3.delete_object(Bucket=BUCKET, Key="models/lost/model.tar.gz")
    region.sagemaker.create_endpoint(EndpointName="lost", EndpointConfigName="lost")
    found = region.settled("lost")
    assert found["EndpointStatus"] == "Failed"
    assert f'Failed to download model data for container "container_1" from URL: "{address}"' in found["FailureReason"]


def test_deleting_leaves_nothing(region: Region, cloud: LocalCloud) -> None:
    before = len(group_members(cloud.pid))
    region.serve("brief", RCF, region.artifact("good"))
    assert len(group_members(cloud.pid)) == before + 1
    region.sagemaker.delete_endpoint(EndpointName="brief")
    wait_until(lambda: region.sagemaker.list_endpoints(NameContains="brief")["Endpoints"], lambda left: not left)
    region.sagemaker.delete_endpoint_config(EndpointConfigName="brief")
    region.sagemaker.delete_model(ModelName="brief")
    for client, action, name in (
        (region.sagemaker, "describe_endpoint", {"EndpointName": "brief"}),
        (region.sagemaker, "describe_endpoint_config", {"EndpointConfigName": "brief"}),
        (region.sagemaker, "describe_model", {"ModelName": "brief"}),
    ):
        with pytest.raises(ClientError, match="Could not find"):
            getattr(client, action)(**name)
    assert len(group_members(cloud.pid)) == before


# ---- DeepAR ----


@needs_deepar
def test_deepar_trains_forecasts_and_is_stopped(region: Region) -> None:
    target = hourly(14)
    address = region.put("deepar/test/part.json", json.dumps({"start": "2020-07-01 00:00:00", "target": hourly(15)}))
    channels = [DEEPAR_CHANNEL, channel(address, name="test")]
    region.sagemaker.create_training_job(**job("deepar", DEEPAR, DEEPAR_SETTINGS, channels))
    found = region.trained("deepar")
    assert found["TrainingJobStatus"] == "Completed", found.get("FailureReason")
    lines = region.lines("/aws/sagemaker/TrainingJobs", "deepar/")
    assert any("mean_wQuantileLoss" in line for line in lines)
    assert region.serve("deepar", DEEPAR, region.artifact("deepar"))["EndpointStatus"] == "InService"
    request = {
        "instances": [{"start": "2020-07-01 00:00:00", "target": [*target[:-30], *["NaN"] * 3, None, *target[-26:]]}],
        "configuration": {
            "num_samples": 100, "output_types": ["mean", "quantiles"], "quantiles": ["0.01", "0.5", "0.99"],
        },
    }  # fmt: skip
    answer = region.ask("deepar", json.dumps(request), "application/json")
    (prediction,) = json.load(answer["Body"])["predictions"]
    low, middle, high = (np.array(prediction["quantiles"][name]) for name in ("0.01", "0.5", "0.99"))
    assert low.shape == middle.shape == high.shape == np.array(prediction["mean"]).shape == (24,)
    assert (low <= middle).all()
    assert (middle <= high).all()
    truth = np.array(hourly(15)[-24:])
    assert ((low <= truth) & (truth <= high)).mean() > 0.8
    assert np.corrcoef(middle, truth)[0, 1] > 0.7


@needs_deepar
@pytest.mark.parametrize(
    ("name", "settings", "target", "reason"),
    [
        ("few", {}, [5] * 299, "ClientError: the training time series hold 299 observations; at least 300 are needed"),
        ("zeros", {}, [0] * 400, "ClientError: the training time series consist of only zeros"),
        ("no-epochs", {"epochs": ""}, [5] * 400, "ClientError: hyperparameter epochs is required and missing"),
    ],
)
def test_deepar_jobs_fail_as_the_container_does(
    region: Region, name: str, settings: dict[str, str], target: list[int], reason: str
) -> None:
    address = region.put(f"deepar/{name}.json", json.dumps({"start": "2020-07-01 00:00:00", "target": target}))
    wanted = {key: value for key, value in (DEEPAR_SETTINGS | settings).items() if value}
    region.sagemaker.create_training_job(**job(name, DEEPAR, wanted, [channel(address)]))
    assert region.trained(name)["FailureReason"].startswith(reason)


@needs_deepar
def test_a_long_job_is_stopped_or_runs_out_of_time(region: Region, cloud: LocalCloud) -> None:
    endless = DEEPAR_SETTINGS | {"epochs": "100000000"}
    region.sagemaker.create_training_job(**job("endless", DEEPAR, endless, [DEEPAR_CHANNEL]))
    region.sagemaker.create_training_job(**job("limited", DEEPAR, endless, [DEEPAR_CHANNEL], seconds=2))
    wait_until(
        lambda: region.sagemaker.describe_training_job(TrainingJobName="endless"),
        lambda found: found["SecondaryStatus"] == "Training",
    )
    region.sagemaker.stop_training_job(TrainingJobName="endless")
    assert region.trained("endless")["SecondaryStatus"] == "Stopped"
    assert region.trained("limited")["SecondaryStatus"] == "MaxRuntimeExceeded"


# ---- the end ----


@needs_deepar
def test_everything_ends_with_the_cloud() -> None:
    with LocalCloud() as cloud:
        region = Region(cloud)
        region.serve("left", RCF, region.artifact("good"))
        endless = DEEPAR_SETTINGS | {"epochs": "100000000"}
        region.sagemaker.create_training_job(**job("endless", DEEPAR, endless, [DEEPAR_CHANNEL]))
        wait_until(
            lambda: region.sagemaker.describe_training_job(TrainingJobName="endless"),
            lambda found: found["SecondaryStatus"] == "Training",
        )
        group = cloud.pid
        assert len(group_members(group)) == 3
    assert group_members(group) == []
