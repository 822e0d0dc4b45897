"""The envelope of a saved forest: what it is, which version, how long, and whether it is whole.

All little-endian: magic "CWRF"; format version (u16); columns (u16); trees (u16); sub-sample size (u16); shingle size
(u16); zero (u16); time decay (u32); seed (u64); the body's length (u64); CRC-32 of all of these and the body (u32).
Then the body, which native/save.c describes.
"""

from __future__ import annotations

import struct
import zlib

from cutwatch.errors import DataError, DeveloperError
from cutwatch.forest.parameters import ForestParameters

MAGIC = b"CWRF"
VERSION = 1
_HEADER = struct.Struct("<4sHHHHHHIQQ")
_CHECKSUM = struct.Struct("<I")
BODY_AT = _HEADER.size + _CHECKSUM.size


def pack(parameters: ForestParameters, body: bytes | memoryview) -> bytes:
    """Put a body into its envelope."""
    header = _HEADER.pack(
        MAGIC,
        VERSION,
        parameters.columns,
        parameters.trees,
        parameters.sub_sample_size,
        parameters.shingle_size,
        0,
        parameters.time_decay,
        parameters.seed % 2**64,
        len(body),
    )
    return b"".join((header, _CHECKSUM.pack(zlib.crc32(body, zlib.crc32(header))), body))


def unpack(saved: bytes) -> tuple[ForestParameters, bytes]:
    """Take a saved forest out of its envelope.

    Returns:
        The forest's parameters and the body.

    Raises:
        DataError: when the bytes are no saved forest, of a newer version, cut short, too long or damaged.
    """
    if saved[:4] != MAGIC or len(saved) < 6:
        raise DataError("These bytes are not a saved forest: they do not begin with CWRF and a version.")
    version = int.from_bytes(saved[4:6], "little")
    if version != VERSION:
        raise DataError(
            f"This forest was saved in format {version}, and this version of Cutwatch reads format {VERSION}: "
            "use the version that saved it, or a newer one."
        )
    if len(saved) < BODY_AT:
        raise DataError(f"A saved forest of {len(saved)} bytes is cut short: its header alone has {BODY_AT}.")
    header = saved[: _HEADER.size]
    _, _, columns, trees, sub_sample_size, shingle_size, zero, time_decay, seed, length = _HEADER.unpack(header)
    body = saved[BODY_AT:]
    if len(body) != length:
        found = "cut short" if len(body) < length else "followed by something else"
        raise DataError(
            f"A saved forest is {found}: it has {len(body):,} bytes after its header and should have {length:,}."
        )
    if _CHECKSUM.unpack_from(saved, _HEADER.size)[0] != zlib.crc32(body, zlib.crc32(header)) or zero:
        raise DataError("A saved forest is damaged: its checksum does not match.")
    try:
        return ForestParameters(columns, trees, sub_sample_size, time_decay, shingle_size, seed), body
    except DeveloperError as error:
        raise DataError(f"A saved forest is damaged: {error}") from error
