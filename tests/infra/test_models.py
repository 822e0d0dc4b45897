"""The Models stack: a valid state machine, the article's training jobs, endpoints by kind, and a clean end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cfnlint import api as cfnlint
from cfnlint.config import ManualArgs

Templates = Mapping[str, Mapping[str, Any]]


def template(templates: Templates) -> Mapping[str, Any]:
    (name,) = [name for name in templates if name.endswith("-Models")]
    return templates[name]


def definition(templates: Templates) -> dict[str, Any]:
    """The state machine's text, with a plain word in place of every reference."""
    (machine,) = [
        resource["Properties"]
        for resource in template(templates)["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    parts = machine["DefinitionString"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else _word(part) for part in parts)
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _word(reference: Mapping[str, Any]) -> str:
    if reference == {"Ref": "AWS::Partition"}:
        return "aws"
    is_arn = "Fn::GetAtt" in reference and reference["Fn::GetAtt"][1] == "Arn"
    return "arn:aws:lambda:us-east-1:123456789012:function:reference" if is_arn else "reference"


def states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", ()):
            yield from states(branch)


@pytest.mark.parametrize("stage", ["default_stage", "varied_stage"])
def test_the_state_machine_is_valid(request: pytest.FixtureRequest, stage: str) -> None:
    machine = definition(request.getfixturevalue(stage))
    alone = {
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/x", "DefinitionString": json.dumps(machine)},
            }
        }
    }
    matches = cfnlint.lint(json.dumps(alone), config=ManualArgs(regions=["us-east-1"]))
    assert [str(match) for match in matches] == []


def test_training_is_the_articles(default_stage: Templates) -> None:
    jobs = {
        name: state["Parameters"]
        for name, state in states(definition(default_stage))
        if "createTrainingJob.sync" in state.get("Resource", "")
    }
    rcf, deepar = jobs["Train rcf"], jobs["Train deepar"]
    assert rcf["HyperParameters"] == {"feature_dim": "3", "num_trees": "100", "num_samples_per_tree": "512"}
    (channel,) = rcf["InputDataConfig"]
    assert channel["ContentType"] == "text/csv;label_size=0"
    assert channel["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "ShardedByS3Key"
    assert deepar["HyperParameters"] == {
        "time_freq": "10min",
        "context_length": "144",
        "prediction_length": "144",
        "epochs": "400",
        "early_stopping_patience": "40",
        "mini_batch_size": "32",
        "learning_rate": "0.0005",
        "num_layers": "1",
        "num_cells": "40",
        "likelihood": "negative-binomial",
    }
    assert deepar["ResourceConfig"]["InstanceType"] == "ml.c5.2xlarge"


def test_images_are_known_in_every_region(default_stage: Templates) -> None:
    (images,) = [part for name, part in template(default_stage)["Mappings"].items() if "Images" in name]
    assert images["us-east-1"]["rcf"] == "382416733822.dkr.ecr.us-east-1.amazonaws.com/randomcutforest:1"
    assert images["eu-west-1"]["deepar"] == "224300973850.dkr.ecr.eu-west-1.amazonaws.com/forecasting-deepar:1"
    assert len(images) > 20


def variants(templates: Templates) -> list[Mapping[str, Any]]:
    return [
        state["Parameters"]["ProductionVariants"][0]
        for _, state in states(definition(templates))
        if state.get("Resource", "").endswith("sagemaker:createEndpointConfig")
    ]


def test_endpoints_are_of_the_kind_that_is_set(default_stage: Templates, varied_stage: Templates, synth: Any) -> None:
    assert [variant["InstanceType"] for variant in variants(default_stage)] == ["ml.m5.large"] * 2
    assert [variant["ServerlessConfig"]["MemorySizeInMB"] for variant in variants(varied_stage)] == [3072] * 2
    assert variants(synth({"models.endpoint": "off"})) == []


def test_every_failure_reaches_the_operators(default_stage: Templates) -> None:
    top = definition(default_stage)["States"]
    caught = {name for name, state in top.items() if "Catch" in state}
    assert caught == {"Prepare training", "Train both", "Deploy both", "Calibrate thresholds"}
    for name in caught:
        assert top[name]["Catch"][0] == {
            "ErrorEquals": ["States.ALL"],
            "Next": "Tell the operators",
            "ResultPath": "$.error",
        }
    assert top["Tell the operators"]["Next"] == "Training failed"


def test_no_endpoint_changes_before_both_are_trained(default_stage: Templates) -> None:
    top = definition(default_stage)["States"]
    assert top["Train both"]["Next"] == "Deploy both"
    assert top["Deploy both"]["Next"] == "Calibrate thresholds"
    assert len(top["Train both"]["Branches"]) == len(top["Deploy both"]["Branches"]) == 2


def test_schedules_go_before_the_removal_and_the_machine_after_it(default_stage: Templates) -> None:
    resources = template(default_stage)["Resources"]
    ((removal, found),) = [item for item in resources.items() if item[1]["Type"] == "Custom::RemovedModels"]
    kinds = {resources[name]["Type"] for name in found["DependsOn"]}
    assert {"AWS::StepFunctions::StateMachine", "AWS::IAM::Role", "AWS::IAM::Policy"} <= kinds
    schedules = [part for part in resources.values() if part["Type"] == "AWS::Scheduler::Schedule"]
    assert len(schedules) == 2
    for schedule in schedules:
        assert removal in schedule["DependsOn"]
        assert "DeadLetterConfig" in schedule["Properties"]["Target"]


def test_without_models_rows_are_recorded_all_the_same(bare_stage: Templates, default_stage: Templates) -> None:
    assert not any(name.endswith("-Models") for name in bare_stage)

    def scorers(templates: Templates) -> list[str]:
        (alarms,) = [part for name, part in templates.items() if name.endswith("-Alarms")]
        return sorted(
            resource["Properties"]["Environment"]["Variables"]["DETECTOR"]
            for resource in alarms["Resources"].values()
            if resource["Type"] == "AWS::Lambda::Function"
            and "DETECTOR" in resource["Properties"]["Environment"]["Variables"]
        )

    assert scorers(bare_stage) == ["sagemaker_rcf"]
    assert scorers(default_stage) == ["deepar", "sagemaker_rcf"]
