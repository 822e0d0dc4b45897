"""CloudWatch Logs: SageMaker makes its log groups and streams itself."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from cutwatch.localcloud.job_logs import JobLogs, LogStream

TRAINING_GROUP = "/aws/sagemaker/TrainingJobs"
ENDPOINT_GROUP = "/aws/sagemaker/Endpoints"


class LogWriter(Protocol):
    """Takes lines."""

    def write(self, line: str) -> None:
        """Add a line."""

    def close(self) -> None:
        """Write what is left and end."""


OpenLog = Callable[[str, str], LogWriter]
"""Opens a stream of a group, both made where they are missing."""


def log_opener(client: Callable[[], Any]) -> OpenLog:
    """Open log streams.

    Args:
        client: gives a boto3 client of CloudWatch Logs; asked once, when first needed.
    """
    logs = functools.cache(client)

    def open_log(group: str, stream: str) -> LogWriter:
        with contextlib.suppress(ClientError):  # it is there already
            logs().create_log_group(logGroupName=group)
        with contextlib.suppress(ClientError):
            logs().create_log_stream(logGroupName=group, logStreamName=stream)
        return JobLogs(logs(), LogStream(group, stream))

    return open_log
