"""Where a program comes from, as digests: the same for the same values, however their files were spelled."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from generator.model import Catalog, Inputs, Provenance

# Finer than anything is measured, coarser than the last bits in which two machines' sums may differ.
DIGITS = 9


def provenance(inputs: Inputs, catalog: Catalog, recommendation: str) -> Provenance:
    """Take the digests of all that a program was decided by.

    A digest is the SHA-256 of a value's canonical spelling: JSON in ASCII, without spaces, of its fields by name,
    fields at their default left out, so that a covey that knows more fields finds the same digest; mappings as sorted
    pairs; numbers at `DIGITS` significant digits; arrays as shape and the SHA-256 of their little-endian single
    precision. So spaces, comments and the order of keys in ``fleet.yaml`` do not matter, and neither does whether
    traffic came as CSV or parquet; any figure, name or bin does.

    Parameters
    ----------
    inputs : Inputs
        Fleet and traffic of both windows as loaded.
    catalog : Catalog
    recommendation : str
        The recommendation as it will lie beside the program, byte for byte.

    Returns
    -------
    Provenance
    """
    inventory, catalogue = (sha256(canonical(value)).hexdigest() for value in (inputs, catalog))
    return Provenance(inventory, catalogue, recommendation)


def canonical(value: Inputs | Catalog) -> bytes:
    """Spell a value as `provenance` says: what its digest is taken of."""
    return _spelled(_canonical(value)).encode()


def _spelled(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _canonical(value: object) -> object:
    """Return plain lists, mappings and scalars that stand for a value.

    Raises
    ------
    TypeError
        A kind of value that no field of `Inputs` and `Catalog` has.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | datetime):
        return f"{value:.{DIGITS}g}" if isinstance(value, float) else value.isoformat()
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, Mapping):
        return sorted(([_canonical(key), _canonical(held)] for key, held in value.items()), key=_spelled)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _canonical(held)
            for field in sorted(dataclasses.fields(value), key=lambda field: field.name)
            if not _is_default(held := getattr(value, field.name), field)
        }
    raise TypeError(f"{type(value).__name__} has no canonical spelling")


def _array(values: NDArray[np.float64]) -> object:
    return [list(values.shape), sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest()]


def _is_default(held: object, field: "dataclasses.Field[object]") -> bool:
    if field.default_factory is not dataclasses.MISSING:
        return held == field.default_factory()
    return field.default is not dataclasses.MISSING and held == field.default
