"""AddTags, ListTags, DeleteTags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutwatch.localcloud.sagemaker.errors import invalid
from cutwatch.localcloud.sagemaker.resources import Estate, Resource, tags_of

MOST_TAGS = 50


def add_tags(estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
    """Add tags, or change their values."""
    resource = _find(estate, request["ResourceArn"])
    together = resource.tags | tags_of(request)
    if len(together) > MOST_TAGS:
        raise invalid(f"A resource can have at most {MOST_TAGS} tags.")
    resource.tags = together
    return {"Tags": _pairs(resource)}


def list_tags(estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
    """List all tags: there are never more than a page of them."""
    return {"Tags": _pairs(_find(estate, request["ResourceArn"]))}


def delete_tags(estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
    """Remove tags; ones that are not there are no fault."""
    resource = _find(estate, request["ResourceArn"])
    resource.tags = {key: value for key, value in resource.tags.items() if key not in request["TagKeys"]}
    return {}


def _find(estate: Estate, arn: str) -> Resource:
    for resource in estate.all():
        if resource.arn == arn:
            return resource
    raise invalid(f"Could not find resource {arn}.")


def _pairs(resource: Resource) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in resource.tags.items()]
