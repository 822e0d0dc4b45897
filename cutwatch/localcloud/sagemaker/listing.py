"""The List actions: filters, order and pages are the same for all of them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from cutwatch.localcloud.sagemaker.errors import invalid
from cutwatch.localcloud.sagemaker.resources import Resource

R = TypeVar("R", bound=Resource)

_PAGE = 10


def list_page(
    resources: Iterable[R],
    request: Mapping[str, Any],
    *,
    member: str,
    summary: Callable[[R], Mapping[str, Any]],
    status: Callable[[R], str] = lambda _resource: "",
) -> dict[str, Any]:
    """Answer a List action.

    Args:
        resources: all there are.
        request: NameContains, StatusEquals, CreationTimeAfter, ..., SortBy, SortOrder, MaxResults, NextToken.
        member: where the answer has the summaries.
        summary: makes one.
        status: gives a resource's status, where it has one.
    """
    found = [one for one in resources if _wanted(one, request, status(one))]
    keys: dict[str, Callable[[R], Any]] = {
        "Name": lambda one: one.name,
        "Status": status,
        "CreationTime": lambda one: (one.created, one.name),
    }
    key = keys[request.get("SortBy") or "CreationTime"]
    # SageMaker lists the newest first, except training jobs by request; ties keep their order.
    found.sort(key=key, reverse=request.get("SortOrder", "Descending") == "Descending")
    start = _offset(request.get("NextToken"))
    end = start + int(request.get("MaxResults") or _PAGE)
    page: dict[str, Any] = {member: [summary(one) for one in found[start:end]]}
    if end < len(found):
        page["NextToken"] = base64.b64encode(str(end).encode()).decode()
    return page


def _wanted(resource: Resource, request: Mapping[str, Any], status: str) -> bool:
    if request.get("StatusEquals") not in (None, status):
        return False
    if request.get("NameContains", "").lower() not in resource.name.lower():
        return False
    for name, time in (("CreationTime", resource.created), ("LastModifiedTime", resource.modified)):
        after, before = request.get(f"{name}After"), request.get(f"{name}Before")
        if (after is not None and time <= after) or (before is not None and time >= before):
            return False
    return True


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except ValueError as error:
        raise invalid("Invalid pagination token.") from error
