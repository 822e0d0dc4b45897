"""A container's program fails as the service's containers do: a prefixed reason in a file, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cutwatch.containers import Answerer, TrainingFolder, run
from cutwatch.containers.server import announced_port, announcement
from cutwatch.errors import DataError


class Failing:
    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def train(self, folder: TrainingFolder) -> None:
        if self.error:
            raise self.error
        (folder.model / "weights").write_text("1")

    def load(self, model: Path) -> Answerer:
        raise DataError(f"no model in {model.name}")


@pytest.fixture
def folder(tmp_path: Path) -> TrainingFolder:
    folder = TrainingFolder(tmp_path / "job")
    folder.prepare({"epochs": "3"}, {"train": {"ContentType": "text/csv", "S3DistributionType": "ShardedByS3Key"}})
    return folder


def test_a_job_leaves_its_model(folder: TrainingFolder) -> None:
    assert run(Failing(None), ["train", str(folder.root)]) == 0
    assert (folder.model / "weights").exists()
    assert not folder.failure_file.exists()


def test_input_at_fault(folder: TrainingFolder) -> None:
    assert run(Failing(DataError("no rows")), ["train", str(folder.root)]) == 2
    assert folder.failure_file.read_text() == "ClientError: no rows"


def test_algorithm_at_fault(folder: TrainingFolder) -> None:
    assert run(Failing(ZeroDivisionError("by zero")), ["train", str(folder.root)]) == 1
    assert folder.failure_file.read_text() == "AlgorithmError: ZeroDivisionError: by zero"


def test_a_long_reason_is_cut(folder: TrainingFolder) -> None:
    run(Failing(DataError("x" * 5000)), ["train", str(folder.root)])
    assert len(folder.failure_file.read_text()) == 1024


def test_a_model_that_does_not_load(tmp_path: Path) -> None:
    assert run(Failing(None), ["serve", str(tmp_path)]) == 2


def test_the_folder_is_as_the_service_lays_it_out(folder: TrainingFolder) -> None:
    config = folder.root / "input" / "config"
    assert json.loads((config / "hyperparameters.json").read_text()) == {"epochs": "3"}
    assert json.loads((config / "inputdataconfig.json").read_text())["train"]["ContentType"] == "text/csv"
    assert folder.hyperparameters() == {"epochs": "3"}
    assert folder.channels()["train"].distribution == "ShardedByS3Key"


def test_channel_files_leave_out_what_is_no_data(folder: TrainingFolder) -> None:
    channel = folder.channels()["train"]
    for name in ("b.csv", "a/c.csv", ".hidden", "_SUCCESS"):
        path = channel.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")
    assert [path.relative_to(channel.folder).as_posix() for path in channel.files()] == ["a/c.csv", "b.csv"]


def test_announcement() -> None:
    assert announced_port(announcement(8080)) == 8080
    assert announced_port("a line of the log") is None
    assert announced_port("{not json") is None
    assert announced_port('{"event": "epoch"}') is None
