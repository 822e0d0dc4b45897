"""The service: every action by its name, and the two HTTP protocols that carry them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import urllib.parse
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cutwatch.localcloud.sagemaker import request_model, tagging
from cutwatch.localcloud.sagemaker.endpoints import Endpoints
from cutwatch.localcloud.sagemaker.errors import ApiError
from cutwatch.localcloud.sagemaker.invocation import Invocation, invoke
from cutwatch.localcloud.sagemaker.models import EndpointConfigs, Models
from cutwatch.localcloud.sagemaker.replicas import Launch
from cutwatch.localcloud.sagemaker.resources import Clock, Estate, Estates, Place
from cutwatch.localcloud.sagemaker.storage import Storage
from cutwatch.localcloud.sagemaker.training_jobs import TrainingJob, TrainingJobs

logger = logging.getLogger("cutwatch.sagemaker")

Action = Callable[[Estate, Mapping[str, Any]], dict[str, Any]]
HttpAnswer = tuple[int, dict[str, str], bytes]

_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
_CONTROL_TYPE = "application/x-amz-json-1.1"
_CONTENT_TYPE = "content-type"  # in lower case: MiniStack would make the control plane's type of "Content-Type"
_AT_ONCE = 16


class SageMaker:
    """The control plane and the runtime.

    Args:
        storage: S3.
        launch: serves a model.
        start_training: starts what a training job does.
        clock: the time.
    """

    def __init__(
        self, storage: Storage, launch: Launch, start_training: Callable[[TrainingJob], None], clock: Clock
    ) -> None:
        jobs, models = TrainingJobs(storage, start_training, clock), Models(storage, clock)
        configs, endpoints = EndpointConfigs(clock), Endpoints(launch, clock)
        self.estates = Estates()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "sagemaker")
        self._actions: dict[str, Action] = {
            "CreateTrainingJob": jobs.create,
            "DescribeTrainingJob": jobs.describe,
            "ListTrainingJobs": jobs.list,
            "StopTrainingJob": jobs.stop,
            "CreateModel": models.create,
            "DescribeModel": models.describe,
            "ListModels": models.list,
            "DeleteModel": models.delete,
            "CreateEndpointConfig": configs.create,
            "DescribeEndpointConfig": configs.describe,
            "ListEndpointConfigs": configs.list,
            "DeleteEndpointConfig": configs.delete,
            "CreateEndpoint": endpoints.create,
            "UpdateEndpoint": endpoints.update,
            "DescribeEndpoint": endpoints.describe,
            "ListEndpoints": endpoints.list,
            "DeleteEndpoint": endpoints.delete,
            "AddTags": tagging.add_tags,
            "ListTags": tagging.list_tags,
            "DeleteTags": tagging.delete_tags,
        }

    def call(self, action: str, request: Any, place: Place) -> dict[str, Any]:
        """Carry out an action of the control plane.

        Raises:
            ApiError: it is refused.
        """
        if action not in self._actions:
            raise ApiError("UnknownOperationException", f"The local cloud's SageMaker does not have {action}.")
        return self._actions[action](self.estates.at(place), request_model.check(action, request))

    async def answer(self, path: str, headers: Mapping[str, str], body: bytes, place: Place) -> HttpAnswer:
        """Answer an HTTP request; the work is done off the event loop, where it may wait.

        Args:
            path: of the request.
            headers: their names in lower case.
            body: of the request.
            place: whose it is.
        """
        if match := _INVOCATIONS.fullmatch(path):
            work: Callable[[], HttpAnswer] = lambda: self._invoke(match[1], headers, body, place)  # noqa: E731
        else:
            work = lambda: self._control(headers, body, place)  # noqa: E731
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _control(self, headers: Mapping[str, str], body: bytes, place: Place) -> HttpAnswer:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            result = self.call(action, json.loads(body or b"{}"), place)
        except ApiError as error:
            return error.status, {"Content-Type": _CONTROL_TYPE}, _error_body(error, "message")
        return 200, {"Content-Type": _CONTROL_TYPE}, json.dumps(result).encode()

    def _invoke(self, endpoint: str, headers: Mapping[str, str], body: bytes, place: Place) -> HttpAnswer:
        invocation = Invocation.of(urllib.parse.unquote(endpoint), headers, body)
        try:
            answer = invoke(self.estates.at(place), invocation)
        except ApiError as error:
            sent = {_CONTENT_TYPE: "application/json", "x-amzn-ErrorType": error.code}
            return error.status, sent, _error_body(error, "Message")
        sent = {_CONTENT_TYPE: answer.response.content_type, "x-Amzn-Invoked-Production-Variant": answer.variant}
        if custom := headers.get("x-amzn-sagemaker-custom-attributes"):
            sent["X-Amzn-SageMaker-Custom-Attributes"] = custom
        return 200, sent, answer.response.body


def _error_body(error: ApiError, message_member: str) -> bytes:
    return json.dumps({"__type": error.code, message_member: str(error), **error.members}).encode()
