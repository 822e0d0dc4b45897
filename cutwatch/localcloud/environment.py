"""The environment variables that point AWS's tools at the local cloud, and at nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

ACCOUNT = "123456789012"
REGION = "us-east-1"
HOST = "127.0.0.1"

_SECRETS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_QUIET = {"AWS_EC2_METADATA_DISABLED": "true", "CDK_DISABLE_CLI_TELEMETRY": "true", "AWS_PAGER": ""}


def cloud_environment(endpoint_url: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give a whole environment for the CDK CLI, boto3 and our commands.

    Every AWS variable of `base` is dropped first (a profile, a region, real keys), and the files with profiles are
    hidden, so that nothing done with the result can reach a real account.

    Args:
        endpoint_url: where the local cloud listens, such as `http://127.0.0.1:4566`.
        base: the environment to start from; by default this process's.

    Returns:
        All variables, ready for `subprocess.run(env=...)`.

    Example:
        >>> cloud_environment("http://127.0.0.1:4566", {"AWS_PROFILE": "prod"})["AWS_REGION"]
        'us-east-1'
    """
    kept = without_aws(os.environ if base is None else base)
    return {
        **kept,
        **_SECRETS,
        **_QUIET,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }


def server_environment(folder: str, path: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment of the server's process: loopback only, no Docker, every file inside `folder`.

    Args:
        folder: the run's temporary folder.
        path: PATH of the server; the Node of Lambda functions written for Node must be on it.
        base: the environment to start from; by default this process's.
    """
    kept = without_aws(os.environ if base is None else base)
    dropped = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "SERVICES", "AUTH", "EDGE_PORT", "GATEWAY_PORT")
    return {
        **{name: value for name, value in kept.items() if name not in dropped},
        **_QUIET,
        "PATH": path,
        "TMPDIR": str(Path(folder, "tmp")),
        "BIND_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "STATE_DIR": f"{folder}/state",
        "S3_DATA_DIR": f"{folder}/s3",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "IOT_MTLS_ENABLED": "0",  # else it opens a second port
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{folder}/no-docker",  # else it would tidy up containers on the user's own daemon
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
        "PYTHONUNBUFFERED": "1",
    }


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Drop every variable of AWS's tools."""
    return {name: value for name, value in environment.items() if not name.startswith(("AWS_", "CDK_"))}
