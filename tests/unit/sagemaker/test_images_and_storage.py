"""Images are recognised by their repository; archives go in and out of S3 whole."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from cutwatch.errors import DataError
from cutwatch.localcloud.sagemaker.images import Algorithm, algorithm_of, repository_of
from cutwatch.localcloud.sagemaker.storage import Location, pack, unpack


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("382416733822.dkr.ecr.us-east-1.amazonaws.com/randomcutforest:1", "randomcutforest"),
        ("522234722520.dkr.ecr.us-east-1.amazonaws.com/forecasting-deepar:1", "forecasting-deepar"),
        ("registry.example:5000/team/forecasting-deepar@sha256:" + "0" * 64, "forecasting-deepar"),
        ("randomcutforest", "randomcutforest"),
        ("1.dkr.ecr.us-east-1.amazonaws.com/my-randomcutforest:1", "my-randomcutforest"),
    ],
)
def test_repository(image: str, repository: str) -> None:
    assert repository_of(image) == repository
    algorithm = algorithm_of(image)
    assert (algorithm.name if algorithm else None) == (repository if not repository.startswith("my-") else None)


def test_a_missing_environment_is_named() -> None:
    missing = Algorithm("deep-thought", "deepar", ".venv-deep-thought").missing
    assert missing.endswith("make it with `make .venv-deep-thought/.done`")
    assert Algorithm("randomcutforest", "randomcutforest").missing == ""


def test_every_algorithm_has_its_program() -> None:
    for image in ("a/randomcutforest:1", "a/forecasting-deepar:1"):
        algorithm = algorithm_of(image)
        assert algorithm is not None
        assert algorithm.script.exists()


def test_location() -> None:
    assert Location.of("s3://bucket/a/b") == Location("bucket", "a/b")
    assert Location.of("s3://bucket") == Location("bucket", "")
    with pytest.raises(DataError, match="must read like s3://bucket/key"):
        Location.of("https://bucket/key")


def test_what_is_packed_unpacks(tmp_path: Path) -> None:
    (tmp_path / "from" / "deep").mkdir(parents=True)
    (tmp_path / "from" / "deep" / "file").write_bytes(b"weights")
    unpack(pack(tmp_path / "from"), tmp_path / "to")
    assert (tmp_path / "to" / "deep" / "file").read_bytes() == b"weights"


def test_an_archive_cannot_reach_outside(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("../outside")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(DataError, match="not a gzipped tar archive"):
        unpack(buffer.getvalue(), tmp_path / "to")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("data", [b"", b"no archive", pack(Path(__file__).parent)[:200]])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DataError, match="not a gzipped tar archive"):
        unpack(data, tmp_path / "to")
