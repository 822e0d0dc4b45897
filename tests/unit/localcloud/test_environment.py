"""Nothing that runs against the local cloud can reach a real account, and the server opens nothing but its port."""

from __future__ import annotations

import os

import pytest

from cutwatch.errors import OperatorError
from cutwatch.localcloud import LocalCloud, cloud_environment, server
from cutwatch.localcloud.environment import server_environment

THEIRS = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SESSION_TOKEN": "real",
    "AWS_CONFIG_FILE": "/home/me/.aws/config",
    "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
    "CDK_DEFAULT_ACCOUNT": "999999999999",
    "HTTP_PROXY": "http://proxy:3128",
    "NO_PROXY": "example.com",
}


def test_no_variable_of_the_users_own_aws_remains() -> None:
    given = cloud_environment("http://127.0.0.1:1234", THEIRS)
    assert "real" not in given.values()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & set(given)
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1234"
    assert (given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]) == ("test", "test")
    assert given["AWS_CONFIG_FILE"] == given["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert (given["CDK_DEFAULT_ACCOUNT"], given["CDK_DEFAULT_REGION"]) == ("123456789012", "us-east-1")
    assert given["HOME"] == "/home/me"


def test_the_loopback_goes_around_a_proxy() -> None:
    assert cloud_environment("http://127.0.0.1:1", THEIRS)["NO_PROXY"] == "127.0.0.1,localhost"


def test_the_server_keeps_to_the_loopback_and_its_folder() -> None:
    given = server_environment("/run/cloud", "/venv/bin:/bin", THEIRS | {"PYTHONPATH": "/repo", "AUTH": "true"})
    assert given["BIND_HOST"] == "127.0.0.1"
    assert not {"PYTHONPATH", "AUTH", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"} & set(given)
    assert {given[name] for name in ("TMPDIR", "STATE_DIR", "S3_DATA_DIR")} == {
        "/run/cloud/tmp", "/run/cloud/state", "/run/cloud/s3",
    }  # fmt: skip
    assert given["DOCKER_HOST"].startswith("unix:///run/cloud/")


def test_a_missing_environment_names_the_command_that_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PYTHON", server.ROOT / ".venv-none" / "bin" / "python")
    with pytest.raises(OperatorError, match=r"environment \.venv-none is missing: make it with `make"), LocalCloud():
        pass
