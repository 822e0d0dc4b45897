"""The stand-in for SageMaker's RandomCutForest: what it trains on, refuses and answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from cutwatch.containers import Request, RequestError, TrainingFolder
from cutwatch.errors import DataError
from cutwatch.randomcutforest.hyperparameters import Hyperparameters, parse_hyperparameters
from cutwatch.randomcutforest.program import RandomCutForestProgram, grow
from cutwatch.randomcutforest.requests import parse_rows, write_scores

TRAIN = {"ContentType": "text/csv;label_size=0", "S3DistributionType": "ShardedByS3Key"}
TEST = {"ContentType": "text/csv;label_size=1", "S3DistributionType": "FullyReplicated"}


def usual_rows(count: int = 600, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal((100, 40), (10, 4), (count, 2))


def as_csv(rows: np.ndarray) -> str:
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in rows)


def job(
    root: Path, hyperparameters: Mapping[str, str], channels: Mapping[str, tuple[Mapping[str, str], str]]
) -> TrainingFolder:
    folder = TrainingFolder(root / "job")
    folder.prepare(hyperparameters, {name: config for name, (config, _) in channels.items()})
    for name, (_, text) in channels.items():
        (folder.input_data / name / "part.csv").write_text(text)
    return folder


def test_a_trained_model_knows_what_is_unusual(tmp_path: Path) -> None:
    folder = job(tmp_path, {"feature_dim": "2"}, {"train": (TRAIN, as_csv(usual_rows()))})
    program = RandomCutForestProgram()
    program.train(folder)
    answer = program.load(folder.model)
    response = answer(Request(b"100,40\n100,400\n", "text/csv", "application/json"))
    usual, unusual = (one["score"] for one in json.loads(response.body)["scores"])
    assert usual < 1.5 < 3 < unusual


def test_it_does_not_learn_from_requests(tmp_path: Path) -> None:
    folder = job(tmp_path, {"feature_dim": "2"}, {"train": (TRAIN, as_csv(usual_rows()))})
    program = RandomCutForestProgram()
    program.train(folder)
    answer = program.load(folder.model)
    request = Request(b"100,400\n" * 50, "text/csv", "")
    assert answer(request) == answer(request)
    scores = [one["score"] for one in json.loads(answer(request).body)["scores"]]
    assert len(set(scores)) == 1


def test_every_row_is_as_likely_as_any_other_in_a_sample() -> None:
    """Without decay the early half of the data weighs as much as the late half."""
    rows = np.concatenate([usual_rows(3000, 2), usual_rows(3000, 3) + 1000])
    forest = grow(Hyperparameters(feature_dim=2, num_samples_per_tree=64), rows)
    early, late = forest.score(usual_rows(500, 4)), forest.score(usual_rows(500, 4) + 1000)
    assert early.mean() == pytest.approx(late.mean(), rel=0.05)


def test_a_labelled_test_channel_is_judged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    usual, odd = usual_rows(100, 5), np.array([[400.0, 40.0], [100.0, 400.0]])
    labelled = np.concatenate([np.c_[np.zeros(100), usual], np.c_[np.ones(2), odd]])
    channels = {"train": (TRAIN, as_csv(usual_rows())), "test": (TEST, as_csv(labelled))}
    with caplog.at_level(logging.INFO):
        RandomCutForestProgram().train(job(tmp_path, {"feature_dim": "2"}, channels))
    told = {
        words[-2].strip(":)"): float(words[-1])
        for words in (line.split() for line in caplog.messages)
        if words[0] == "#test_score"
    }
    assert told["recall"] == 1.0
    assert told["accuracy"] > 0.95
    assert set(told) == {"accuracy", "precision", "recall", "f1"}


@pytest.mark.parametrize(
    ("change", "text", "said"),
    [
        ({"ContentType": "text/csv"}, "1,2\n" * 20, "it must be text/csv;label_size=0"),
        ({"ContentType": "text/csv;label_size=1"}, "1,2\n" * 20, "it must be text/csv;label_size=0"),
        ({"ContentType": "application/x-recordio-protobuf"}, "1,2\n" * 20, "RecordIO is not supported"),
        ({"S3DistributionType": "FullyReplicated"}, "1,2\n" * 20, "it must be ShardedByS3Key"),
        ({}, "1,2,3\n" * 20, "part.csv, line 1: 3 columns; there must be 2"),
        ({}, "1,2\n1,two\n", "part.csv, line 2: 'two' is no finite number"),
        ({}, "\n\n", "channel train holds no rows"),
        ({}, "1,2\n" * 9, "channel train holds 9 rows; at least 10 are needed"),
    ],
)
def test_refused_input(tmp_path: Path, change: dict[str, str], text: str, said: str) -> None:
    folder = job(tmp_path, {"feature_dim": "2"}, {"train": (TRAIN | change, text)})
    with pytest.raises(DataError) as refused:
        RandomCutForestProgram().train(folder)
    assert said in str(refused.value)


@pytest.mark.parametrize("channels", [{}, {"validation": (TRAIN, "1,2\n")}])
def test_refused_channels(tmp_path: Path, channels: Mapping[str, tuple[Mapping[str, str], str]]) -> None:
    with pytest.raises(DataError, match="channel train is missing"):
        RandomCutForestProgram().train(job(tmp_path, {"feature_dim": "2"}, channels))


def test_hyperparameters_of_the_article() -> None:
    raw = {"feature_dim": "3", "num_samples_per_tree": "512", "num_trees": "100"}
    assert parse_hyperparameters(raw) == Hyperparameters(3, 512, 100)
    assert parse_hyperparameters({"feature_dim": "3", "eval_metrics": '["accuracy"]'}).eval_metrics == ("accuracy",)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"num_trees": "100"}, "feature_dim is required and missing"),
        ({"feature_dim": "3", "trees": "100"}, "trees is unknown; known are eval_metrics, feature_dim"),
        ({"feature_dim": "0"}, "must be a whole number from 1 to 10000"),
        ({"feature_dim": "3", "num_trees": "49"}, "must be a whole number from 50 to 1000"),
        ({"feature_dim": "3", "num_trees": "a hundred"}, "must be a whole number from 50 to 1000"),
        ({"feature_dim": "31"}, "the local RandomCutForest takes 1 to 30"),
        ({"feature_dim": "3", "num_samples_per_tree": "2048"}, "the local RandomCutForest takes 10 to 1000"),
        ({"feature_dim": "3", "eval_metrics": "recall"}, "must be a list of accuracy or precision_recall_fscore"),
    ],
)
def test_refused_hyperparameters(raw: Mapping[str, str], said: str) -> None:
    with pytest.raises(DataError) as refused:
        parse_hyperparameters(raw)
    assert said in str(refused.value)


DOCUMENTED_REQUESTS = [
    ("text/csv", "1.5,16.0\n14,23.0\n"),
    ("application/json", '{"instances": [{"features": [1.5, 16.0]}, {"features": [14.0, 23.0]}]}'),
    (
        "application/json",
        """{"instances": [{"data": {"features": {"values": [1.5, 16.0]}}},
            {"data": {"features": {"keys": [0, 1], "shape": [2], "values": [14.0, 23.0]}}}]}""",
    ),
    ("application/jsonlines", '{"features": [1.5, 16.0]}\n{"features": [14.0, 23.0]}\n'),
]


@pytest.mark.parametrize(("content_type", "body"), DOCUMENTED_REQUESTS)
def test_documented_requests(content_type: str, body: str) -> None:
    rows = parse_rows(Request(body.encode(), content_type, ""), 2)
    assert rows.tolist() == [[1.5, 16.0], [14.0, 23.0]]


def test_documented_answers() -> None:
    scores = np.array([0.02, 0.25])
    assert json.loads(write_scores(scores, "").body) == {"scores": [{"score": 0.02}, {"score": 0.25}]}
    lines = write_scores(scores, "application/jsonlines")
    assert lines.body == b'{"score": 0.02}\n{"score": 0.25}\n'
    assert lines.content_type == "application/jsonlines"


@pytest.mark.parametrize(
    ("content_type", "body", "accept", "status"),
    [
        ("image/png", "1,2", "", 415),
        ("", "1,2", "", 415),
        ("text/csv", "1,2,3", "", 400),
        ("text/csv", "", "", 400),
        ("text/csv", "1,nan", "", 400),
        ("application/json", "[1, 2]", "", 400),
        ("application/json", '{"instances": [{"features": [1]}]}', "", 400),
        ("application/json", '{"instances": [{"features": [1, "two"]}]}', "", 400),
        ("application/json", '{"instances": []}', "", 400),
        ("text/csv", "1,2", "text/csv", 406),
    ],
)
def test_refused_requests(content_type: str, body: str, accept: str, status: int) -> None:
    with pytest.raises(RequestError) as refused:
        write_scores(parse_rows(Request(body.encode(), content_type, accept), 2)[:, 0], accept)
    assert refused.value.status == status


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the model data hold no forest in model\.forest"):
        RandomCutForestProgram().load(tmp_path)
    (tmp_path / "model.forest").write_bytes(b"not a forest")
    with pytest.raises(DataError, match=r"the model data hold no forest in model\.forest"):
        RandomCutForestProgram().load(tmp_path)
