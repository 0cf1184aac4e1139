"""How a job's results are checked: bit for bit, or within a tolerance that its spec declares.

In a spec, `"verification"` is `"exact"`, or

    {"class": "tolerance", "comparator": {...}}

with one of these comparators. Numbers that are not whole are decimal strings, such as `"1e-6"`.

    {"kind": "close", "dtype": "float32", "absolute": "1e-6", "relative": "1e-5"}
    {"kind": "cosine", "dtype": "float32", "dimensions": 384, "least": "0.9999"}
    {"kind": "psnr", "least_db": "40"}
    {"kind": "custom", "module": "sha256:..."}

What each allows is in docs/protocol.md; `protocol.comparators` decides it, a custom one's module
in the executors' sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from protocol.errors import InvalidInput, InvalidSpec
from protocol.units import ContentId, parse_content_id, shown

EXACT = "exact"
TOLERANCE = "tolerance"
DTYPES = ("float16", "float32", "float64")
"""Elements as IEEE 754 has them, little-endian."""
MAX_DIMENSIONS = 1 << 20
MAX_ABSOLUTE = Decimal("1e30")
MAX_DECIBELS = 200
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,29})(\.[0-9]{1,40})?(e-?[1-9][0-9]{0,1})?")


@dataclass(frozen=True, slots=True)
class Close:
    """Every element: |claimed - own| <= absolute + relative * |own|."""

    dtype: str
    absolute: str
    relative: str
    kind: str = "close"

    def __post_init__(self) -> None:
        _require_dtype(self.dtype)
        _require_decimal("absolute", self.absolute, Decimal(0), MAX_ABSOLUTE)
        _require_decimal("relative", self.relative, Decimal(0), Decimal(1))


@dataclass(frozen=True, slots=True)
class Cosine:
    """Every row of `dimensions` elements: the cosine of the angle between both is >= `least`."""

    dtype: str
    dimensions: int
    least: str
    kind: str = "cosine"

    def __post_init__(self) -> None:
        _require_dtype(self.dtype)
        if type(self.dimensions) is not int or not 1 <= self.dimensions <= MAX_DIMENSIONS:
            got = shown(self.dimensions)
            raise InvalidSpec(
                "verification.comparator.dimensions must be an integer "
                f"from 1 to {MAX_DIMENSIONS}, got {got}"
            )
        _require_decimal("least", self.least, Decimal(0), Decimal(1))


@dataclass(frozen=True, slots=True)
class Psnr:
    """An image's peak signal-to-noise ratio is >= `least_db` decibels. Binary PGM and PPM only."""

    least_db: str
    kind: str = "psnr"

    def __post_init__(self) -> None:
        _require_decimal("least_db", self.least_db, Decimal(0), Decimal(MAX_DECIBELS))


@dataclass(frozen=True, slots=True)
class Custom:
    """A wasm module of the task ABI: input 0 is one's own output, input 1 the claimed one.

    Its `run` answers 0 for within. Anything else is out, a trap and the end of its fuel included.
    One that runs out of stack or of time decides nothing: whoever compares cannot tell.
    """

    module: ContentId
    kind: str = "custom"

    def __post_init__(self) -> None:
        try:
            parse_content_id(self.module)
        except InvalidInput as error:
            raise InvalidSpec(f"verification.comparator.module: {error}") from None


Comparator = Close | Cosine | Psnr | Custom
COMPARATORS: Mapping[str, type[Comparator]] = {
    "close": Close,
    "cosine": Cosine,
    "psnr": Psnr,
    "custom": Custom,
}


def comparator_from_json(value: object) -> Comparator:
    """Read and check a comparator.

    Raises:
        InvalidSpec: unknown, or a field is missing, unknown or outside its bounds.
    """
    kind = value.get("kind") if isinstance(value, Mapping) else None
    made = COMPARATORS.get(kind) if isinstance(kind, str) else None
    if made is None or not isinstance(value, Mapping):
        known = ", ".join(COMPARATORS)
        got = shown(kind)
        raise InvalidSpec(f"verification.comparator.kind must be one of {known}, got {got}")
    keys = {field.name for field in fields(made)}
    if set(value) != keys:
        raise InvalidSpec(
            f"a {kind} verification.comparator must have exactly {', '.join(sorted(keys))}"
        )
    return made(**value)


def comparator_json(comparator: Comparator) -> dict[str, Any]:
    """The JSON form."""
    return {field.name: getattr(comparator, field.name) for field in fields(comparator)}


def verification_from_json(value: object) -> Comparator | None:
    """Read a spec's `verification`; None where it is exact.

    Raises:
        InvalidSpec: neither "exact" nor a tolerance with a comparator.
    """
    if value == EXACT:
        return None
    if not isinstance(value, Mapping) or value.get("class") != TOLERANCE:
        raise InvalidSpec(
            'verification must be "exact", or one whose verification.class is "tolerance"'
        )
    if set(value) != {"class", "comparator"}:
        raise InvalidSpec("verification must be an object with exactly class, comparator")
    return comparator_from_json(value["comparator"])


def verification_json(comparator: Comparator | None) -> str | dict[str, Any]:
    """A spec's `verification`."""
    if comparator is None:
        return EXACT
    return {"class": TOLERANCE, "comparator": comparator_json(comparator)}


def _require_dtype(value: object) -> None:
    if value not in DTYPES:
        raise InvalidSpec(f"verification.comparator.dtype must be one of {', '.join(DTYPES)}")


def _require_decimal(name: str, value: object, low: Decimal, high: Decimal) -> None:
    is_decimal = isinstance(value, str) and _DECIMAL.fullmatch(value) is not None
    if not is_decimal or not low <= Decimal(str(value)) <= high:
        raise InvalidSpec(
            f"verification.comparator.{name} must be a decimal string from {low} to {high}, "
            f'such as "0.5" or "1e-6", got {shown(value)}'
        )
