"""Lists a stage's resources, whoever made them: CloudFormation, a state machine, or a function's first log line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cutwatch.errors import OperatorError
from cutwatch.inventory.listings import LISTINGS, Listing
from cutwatch.inventory.ownership import Ownership

ClientFactory = Callable[[str], Any]


@dataclass(frozen=True, order=True)
class Resource:
    """One thing in an account: what it is and its name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def left_over(client: ClientFactory, stage: str, *, absent_services: Collection[str] = ()) -> list[str]:
    """List what there is of a stage; after `cdk destroy`, that is what it left.

    Args:
        client: gives a boto3 client for a service, such as `boto3.Session(...).client` or `LocalCloud.client`.
        stage: the stage.
        absent_services: services that the cloud does not have, such as `LocalCloud.absent_services`.

    Returns:
        One line each, such as `stream Cutwatch-dev-Streams-Clicks1A2B`, sorted; empty when there is nothing.

    Raises:
        OperatorError: where a service cannot be asked: what cannot be seen is not proven gone.

    Example:
        >>> left_over(boto3.Session(profile_name="dev").client, "dev")  # doctest: +SKIP
        []
    """
    return [str(resource) for resource in find_resources(client, stage, absent_services=absent_services)]


def find_resources(client: ClientFactory, stage: str, *, absent_services: Collection[str] = ()) -> list[Resource]:
    """List what there is of a stage, sorted by kind and name; arguments and errors as for `left_over`."""
    owner = Ownership(stage)
    found: set[Resource] = set()
    clients: dict[str, Any] = {}
    for listing in LISTINGS:
        if listing.service in absent_services:
            continue
        try:
            if listing.service not in clients:
                clients[listing.service] = client(listing.service)
            found.update(_owned(clients[listing.service], listing, owner))
        except (ClientError, BotoCoreError) as cause:
            raise OperatorError(f"whether a {listing.kind} of {stage} is left cannot be told: {cause}") from cause
    return sorted(found)


def _owned(client: Any, listing: Listing, owner: Ownership) -> Iterator[Resource]:
    for item in _items(client, listing):
        name = listing.name(item)
        if listing.keep(client, item) and _is_owned(client, listing, owner, item, name):
            yield Resource(listing.kind, name + (_contents(client, name) if listing.kind == "bucket" else ""))


def _is_owned(client: Any, listing: Listing, owner: Ownership, item: Any, name: str) -> bool:
    if owner.owns(name):
        return True
    tags = listing.tags(client, item) if listing.tags else {}
    text = listing.text(client, item) if listing.text else ""
    return owner.owns(text, tags)


def _items(client: Any, listing: Listing) -> Iterator[Any]:
    if not client.can_paginate(listing.operation):
        yield from getattr(client, listing.operation)(**listing.arguments).get(listing.key) or ()
        return
    for page in client.get_paginator(listing.operation).paginate(**listing.arguments):
        yield from page.get(listing.key) or ()


def _contents(client: Any, bucket: str) -> str:
    page = client.list_object_versions(Bucket=bucket, MaxKeys=1000)
    count = len(page.get("Versions") or ()) + len(page.get("DeleteMarkers") or ())
    return f" ({'more than ' if page.get('IsTruncated') else ''}{count} objects)"
