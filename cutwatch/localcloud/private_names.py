"""The names inside MiniStack that the plug-ins touch, and a check that they still are what the plug-ins take them for.

MiniStack is young and pinned exactly; a new version is taken only when this check and the tests pass with it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass

TESTED_VERSION = "1.5.33"


@dataclass(frozen=True)
class Name:
    """One name: its module, and the parameters it takes where it is a function (None: it is called by nobody here)."""

    module: str
    name: str
    parameters: tuple[str, ...] | None = None


NAMES = (
    Name("ministack.app", "app", ("scope", "receive", "send")),
    Name("ministack.app", "SERVICE_HANDLERS"),
    Name("ministack.core.responses", "request_scope", ("account_id", "region")),
    Name("ministack.services.lambda_svc", "_poll_kinesis", ()),
    Name("ministack.services.lambda_svc", "_iter_all_esms", ()),
    Name("ministack.services.lambda_svc", "_execute_function", ("func", "event")),
    Name("ministack.services.lambda_svc", "_get_func_record_for_qualifier", ("name", "qualifier")),
    Name("ministack.services.lambda_svc", "_apply_filter_criteria", ("records", "esm")),
    Name("ministack.services.lambda_svc", "spawn_background", ("fn", "args", "thread_name", "kwargs")),
    Name("ministack.services.lambda_svc", "_esm_wake"),
    Name("ministack.services.kinesis", "_streams"),
    Name("ministack.services.kinesis", "_expire_records", ("stream",)),
    Name("ministack.core.responses", "json_response", ("data", "status", "content_type")),
    Name("ministack.services.kinesisanalyticsv2", "_dataplane"),
    Name("ministack.services.kinesisanalyticsv2", "_HANDLERS"),
    Name("ministack.services.kinesisanalyticsv2", "_applications"),
    Name("ministack.services.kinesisanalyticsv2", "_dataplane_call", ("method", "args")),
    Name("ministack.services.kinesisanalyticsv2", "application_detail", ("record",)),
    Name("ministack.services.kinesisanalyticsv2_flink", "start", ("app", "savepoint_path", "on_status")),
    Name("ministack.services.kinesisanalyticsv2_flink", "stop", ("app", "force", "take_snapshot")),
    Name("ministack.services.kinesisanalyticsv2_flink", "snapshot", ("app", "snapshot_name")),
    Name("ministack.services.kinesisanalyticsv2_flink", "delete", ("app",)),
    Name("ministack.services.kinesisanalyticsv2_flink", "supports", ("runtime",)),
    Name("ministack.services.kinesisanalyticsv2_flink", "available", ()),
    Name("ministack.services.kinesisanalyticsv2_flink", "reset", ()),
    Name("ministack.core.responses", "get_account_id", ()),
    Name("ministack.core.responses", "get_region", ()),
    Name("ministack.services.stepfunctions", "_SERVICE_DISPATCH"),
    Name("ministack.services.stepfunctions", "_AWS_SDK_SERVICE_MAP"),
    Name("ministack.services.stepfunctions", "_AWS_SDK_ERROR_PREFIX"),
    Name("ministack.services.stepfunctions", "_AWS_SDK_ERROR_CODE_OVERRIDES"),
    Name("ministack.services.stepfunctions", "_ExecutionError", ("error", "cause")),
    Name("ministack.services.stepfunctions", "_execute_task", ("state_def", "raw_input", "execution", "ctx")),
)


def changed_names(names: Iterable[Name] = NAMES) -> list[str]:
    """Compare names with the installed modules. Returns one sentence for each that is gone or takes other arguments."""
    found = []
    for name in names:
        module = importlib.import_module(name.module)
        if not hasattr(module, name.name):
            found.append(f"{name.module}.{name.name} is gone")
        elif name.parameters is not None:
            parameters = tuple(inspect.signature(getattr(module, name.name)).parameters)
            if parameters != name.parameters:
                found.append(f"{name.module}.{name.name} takes {parameters}, not {name.parameters}")
    return found
