"""Puts SageMaker into MiniStack. Imported in the local cloud's process only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cutwatch.localcloud.sagemaker.container_process import Host
from cutwatch.localcloud.sagemaker.logs import log_opener
from cutwatch.localcloud.sagemaker.replicas import Containers
from cutwatch.localcloud.sagemaker.resources import Place
from cutwatch.localcloud.sagemaker.service import HttpAnswer, SageMaker
from cutwatch.localcloud.sagemaker.step_functions import PREFIX, SDK_ERROR_CODES, SageMakerTasks, remembering_task
from cutwatch.localcloud.sagemaker.storage import Storage
from cutwatch.localcloud.sagemaker.training_run import TrainingRuns


def install(folder: Path, client: Callable[[str], Any], pid: int) -> SageMaker:
    """Give MiniStack the service and Step Functions its tasks.

    Args:
        folder: for the containers' files.
        client: gives a boto3 client of a service of this cloud.
        pid: process id of the server, whose end ends the containers.
    """
    from ministack import app
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import stepfunctions

    def place() -> Place:
        return Place(get_account_id(), get_region())

    folder.mkdir(parents=True, exist_ok=True)
    host = Host(folder, pid)
    storage, open_log = Storage(lambda: client("s3")), log_opener(lambda: client("logs"))
    runs = TrainingRuns(host, storage, open_log, time.time)
    service = SageMaker(storage, Containers(host, storage, open_log).launch, runs.start, time.time)

    async def handle_request(
        _method: str, path: str, headers: Mapping[str, str], body: bytes, _query: Mapping[str, Any]
    ) -> HttpAnswer:
        return await service.answer(path, headers, body, place())

    app.SERVICE_HANDLERS["sagemaker"] = handle_request  # for the runtime, too: both sign as "sagemaker"
    stepfunctions._SERVICE_DISPATCH[PREFIX] = SageMakerTasks(service, stepfunctions._ExecutionError, place)
    stepfunctions._AWS_SDK_SERVICE_MAP["sagemaker"] = {"target_prefix": "SageMaker", "protocol": "json"}
    stepfunctions._AWS_SDK_ERROR_PREFIX["sagemaker"] = "SageMaker"
    stepfunctions._AWS_SDK_ERROR_CODE_OVERRIDES["sagemaker"] = SDK_ERROR_CODES
    stepfunctions._execute_task = remembering_task(stepfunctions._execute_task)
    return service
