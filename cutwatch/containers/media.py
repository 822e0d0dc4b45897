"""Media types as they stand in ContentType and Accept: `text/csv;label_size=0`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MediaType:
    """A media type in lower case, and its parameters."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_media_type(text: str) -> MediaType:
    """Read one media type; the names of its parameters are in lower case, too.

    Example:
        >>> parse_media_type("text/csv; label_size=0")
        MediaType(name='text/csv', parameters={'label_size': '0'})
    """
    name, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest if part)
    return MediaType(name.lower(), {key.strip().lower(): value.strip() for key, _, value in pairs})


def acceptable(accept: str, offered: Sequence[str]) -> str | None:
    """Choose from what is offered the first that a header `Accept` takes; None where it takes none.

    Args:
        accept: the header; empty takes anything.
        offered: media types, the preferred first.
    """
    wanted = [parse_media_type(part).name for part in accept.split(",")] if accept.strip() else ["*/*"]
    for one in wanted:
        for offer in offered:
            if one in ("*/*", offer, f"{offer.split('/')[0]}/*"):
                return offer
    return None
