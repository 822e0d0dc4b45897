"""Load the forest's C core: no compiler, nothing written, nothing but the C library needed."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
from ctypes import CDLL, c_char_p, c_double, c_int, c_int64, c_uint64, c_void_p
from pathlib import Path

from cutwatch.errors import OperatorError

ABI = 1
"""The library's number that this Python fits: FOREST_ABI in native/forest.h."""

LIBRARY_VARIABLE = "CUTWATCH_FOREST_LIBRARY"
"""Names a library to load in the place of the package's own."""

FOLDER = Path(__file__).resolve().parent / "libraries"

_SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "forest_variant": (c_int, (c_int,)),
    "forest_bytes": (c_int64, (c_int,) * 4),
    "forest_init": (None, (c_void_p, c_int, c_int, c_int, c_int, c_double, c_uint64)),
    "forest_learn_score": (c_int64, (c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p)),
    "forest_explain": (c_int64, (c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p)),
    "forest_update": (c_int64, (c_void_p, c_void_p, c_int64)),
    "forest_learn_score_one": (c_int64, (c_void_p, c_void_p)),
    "forest_learn_score_many": (
        c_int64,
        (c_void_p, c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p),
    ),
    "forest_check": (c_int64, (c_void_p, c_int64)),
    "forest_begin": (None, (c_void_p, c_void_p)),
    "forest_parts": (None, (c_void_p, c_int, c_int, c_void_p, c_int64, c_void_p)),
    "forest_finish": (None, (c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_void_p)),
    "forest_save_bound": (c_int64, (c_void_p,)),
    "forest_save_scratch": (c_int64, (c_void_p,)),
    "forest_save": (c_int64, (c_void_p, c_void_p, c_void_p)),
    "forest_restore_scratch": (c_int64, (c_void_p,)),
    "forest_restore": (c_int, (c_void_p, c_char_p, c_int64, c_void_p)),
}


def library_path() -> Path:
    """Where the library for this machine belongs, or what the environment names instead."""
    if named := os.environ.get(LIBRARY_VARIABLE):
        return Path(named)
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    return FOLDER / f"forest-{system}-{machine}{'.dylib' if system == 'darwin' else '.so'}"


def load(path: Path) -> CDLL:
    """Load the library at `path` and choose the fastest kernel that the processor runs.

    Raises:
        OperatorError: when there is no library, it does not load here, or it belongs to another version.
    """
    advice = "install a wheel for this platform, or run `make native` in a checkout"
    if not path.exists():
        raise OperatorError(f"The forest's compiled core {path.name} is not in {path.parent}: {advice}.")
    try:
        library = ctypes.CDLL(str(path))
        abi = library.forest_abi()
    except (OSError, AttributeError) as error:
        raise OperatorError(f"The forest's compiled core {path} does not load ({error}): {advice}.") from error
    if abi != ABI:
        raise OperatorError(f"The forest's compiled core {path} is of another version ({abi}, not {ABI}): {advice}.")
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.forest_variant(-1)
    return library


@functools.cache
def core() -> CDLL:
    """The library, loaded when first asked for."""
    return load(library_path())
