"""Compile loops over bins and requests; what was compiled is kept in the user's cache, never beside the source."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

from numba import njit
from numba.core import config

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of numbers and arrays on its first call, without fast-math: same input, same bytes.

    The compiled code is kept under ``NUMBA_CACHE_DIR``, by default ``~/.cache/covey/compiled``; where that cannot be
    written to, every process compiles for itself. What one function calls in another file is compiled into it, so what
    is kept belongs to one state of all files with such functions.
    """
    return njit(cache=_CACHED, error_model="numpy")(function)


def compiled_aside(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that takes long enough for other threads to run Python's code meanwhile.

    What takes less than about a tenth of a millisecond is better off without: until it has Python's lock back, longer
    passes than it took.
    """
    return njit(cache=_CACHED, nogil=True, error_model="numpy")(function)


def _cache_is_usable() -> bool:
    """Point numba to the cache folder; it would write beside the source by itself."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or home / "covey" / "compiled")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    config.CACHE_DIR = str(folder / _state())  # pyright: ignore[reportAttributeAccessIssue] -- numba makes its settings up at run time
    return os.access(folder, os.W_OK | os.X_OK)


def _state() -> str:
    """Digest of the one room whose compiled functions call those of its other files."""
    sources = sorted((Path(__file__).parent / "capacity").glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


_CACHED = _cache_is_usable()
