"""An engine's state as bytes: versioned, checksummed, bound to the program it is of."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import date
from decimal import Decimal
from typing import Any

from cutwatch.errors import OperatorError

_MAGIC = b"CWSQ"
VERSION = 1
_HEADER = len(_MAGIC) + 2 + 4


class SnapshotError(OperatorError):
    """Raised when a snapshot is damaged, of another version, or of another program: start without it."""


def pack(state: dict[str, Any]) -> bytes:
    """State (plain values, bytes, Decimals, dates) as bytes."""
    body = zlib.compress(json.dumps(state, default=_encode, separators=(",", ":")).encode(), level=1)
    return _MAGIC + VERSION.to_bytes(2, "little") + zlib.crc32(body).to_bytes(4, "little") + body


def unpack(saved: bytes) -> dict[str, Any]:
    """The state in such bytes.

    Raises:
        SnapshotError: they are none, damaged, or of a version that is not known here.
    """
    if len(saved) < _HEADER or saved[: len(_MAGIC)] != _MAGIC:
        raise SnapshotError("the snapshot is not one of the SQL engine; start without it")
    version, check = int.from_bytes(saved[4:6], "little"), int.from_bytes(saved[6:10], "little")
    if version != VERSION:
        raise SnapshotError(f"the snapshot has version {version}; version {VERSION} is needed; start without it")
    body = saved[_HEADER:]
    if zlib.crc32(body) != check:
        raise SnapshotError("the snapshot is damaged; start without it or take an older one")
    state: dict[str, Any] = json.loads(zlib.decompress(body), object_hook=_decode)
    return state


def _encode(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be saved")


def _decode(value: dict[str, Any]) -> Any:
    if len(value) != 1:
        return value
    ((kind, text),) = value.items()
    if kind == "$bytes":
        return base64.b64decode(text)
    if kind == "$decimal":
        return Decimal(text)
    return date.fromisoformat(text) if kind == "$date" else value
