"""Whether a claimed output is near enough to one's own: the same answer on every machine.

Identical bytes always are. Everything is computed in float64 or in whole numbers, element by
element and in a fixed order; no library's own sums are used, whose order may depend on the
processor. A NaN or an infinity is near nothing but the same bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol.errors import InvalidInput
from protocol.verification import Close, Comparator, Cosine, Psnr

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
CHUNK_ELEMENTS = 1 << 20
_DIGITS = Context(prec=50)
_TYPES = {"float16": "<f2", "float32": "<f4", "float64": "<f8"}
_BITS = {"float16": "<u2", "float32": "<u4", "float64": "<u8"}
_PNM = re.compile(
    rb"P([56])[ \t\r\n]+([0-9]{1,9})[ \t\r\n]+([0-9]{1,9})[ \t\r\n]+([0-9]{1,5})[ \t\r\n]"
)


def is_within(comparator: Comparator, own: bytes, claimed: bytes) -> bool:
    """Whether `claimed` is within what `comparator` allows of `own`. Other forms are out.

    Raises:
        InvalidInput: a custom comparator, which only a sandbox can decide.
    """
    if own == claimed:
        return True
    with np.errstate(all="ignore"):
        match comparator:
            case Close():
                rows = _rows(comparator.dtype, 1, own, claimed)
                return rows is not None and all(_is_close(comparator, *piece) for piece in rows)
            case Cosine():
                rows = _rows(comparator.dtype, comparator.dimensions, own, claimed)
                return rows is not None and all(_is_parallel(comparator, *piece) for piece in rows)
            case Psnr():
                return _is_alike(comparator, own, claimed)
    raise InvalidInput("a custom comparator is run in a sandbox")


def _is_close(comparator: Close, own: Floats, claimed: Floats, same: Flags) -> bool:
    absolute, relative = float(comparator.absolute), float(comparator.relative)
    is_finite = np.isfinite(own) & np.isfinite(claimed)
    is_near = np.abs(claimed - own) <= absolute + relative * np.abs(own)
    return bool(np.all(same | (is_finite & is_near)))


def _is_parallel(comparator: Cosine, own: Floats, claimed: Floats, same: Flags) -> bool:
    others = ~np.all(same, axis=1)
    if not np.all(np.isfinite(own[others]) & np.isfinite(claimed[others])):
        return False
    a, b = _scaled(own[others]), _scaled(claimed[others])
    dots, own_norms, claimed_norms = _row_sums(a * b), _row_sums(a * a), _row_sums(b * b)
    lengths = np.sqrt(own_norms) * np.sqrt(claimed_norms)
    is_zero = (own_norms == 0) & (claimed_norms == 0)
    is_near = (lengths > 0) & (dots >= float(comparator.least) * lengths)
    return bool(np.all(is_zero | is_near))


def _rows(
    dtype: str, dimensions: int, own: bytes, claimed: bytes
) -> Iterator[tuple[Floats, Floats, Flags]] | None:
    """The rows of both and which elements have the same bits, in chunks; None: not comparable."""
    row_bytes = np.dtype(_TYPES[dtype]).itemsize * dimensions
    if len(own) != len(claimed) or len(own) % row_bytes:
        return None
    return _pieces(dtype, dimensions, own, claimed)


def _pieces(
    dtype: str, dimensions: int, own: bytes, claimed: bytes
) -> Iterator[tuple[Floats, Floats, Flags]]:
    total = len(own) // np.dtype(_TYPES[dtype]).itemsize
    step = max(1, CHUNK_ELEMENTS // dimensions) * dimensions
    for start in range(0, total, step):
        count = min(step, total - start)
        first_byte = start * np.dtype(_TYPES[dtype]).itemsize
        bits, others = (
            np.frombuffer(data, _BITS[dtype], count, first_byte).reshape(-1, dimensions)
            for data in (own, claimed)
        )
        floats, claims = (view.view(_TYPES[dtype]).astype(np.float64) for view in (bits, others))
        yield floats, claims, bits == others


def _scaled(rows: Floats) -> Floats:
    """Rows divided by a power of two each, so that no square overflows: no angle changes."""
    largest = np.max(np.abs(rows), axis=1, initial=0.0)
    scaled: Floats = np.ldexp(rows, -np.frexp(largest)[1][:, np.newaxis])
    return scaled


def _row_sums(rows: Floats) -> Floats:
    """The sum of each row, by halves: the order is ours, and each addition is IEEE 754's."""
    while rows.shape[1] > 1:
        if rows.shape[1] % 2:
            rows = np.concatenate([rows, np.zeros((rows.shape[0], 1))], axis=1)
        half = rows.shape[1] // 2
        rows = rows[:, :half] + rows[:, half:]
    return rows[:, 0]


@dataclass(frozen=True, slots=True)
class _Image:
    """A binary PGM or PPM: its header's fields and its samples, one or two bytes each."""

    form: tuple[int, int, int, int]
    samples: NDArray[Any]

    @property
    def peak(self) -> int:
        return self.form[3]


def _is_alike(comparator: Psnr, own: bytes, claimed: bytes) -> bool:
    """peak² / mean squared error >= 10^(dB / 10), in whole numbers but for the power."""
    a, b = _image(own), _image(claimed)
    if a is None or b is None or a.form != b.form:
        return False
    error = 0
    for start in range(0, len(a.samples), CHUNK_ELEMENTS):
        piece = slice(start, start + CHUNK_ELEMENTS)
        difference = a.samples[piece].astype(np.int64) - b.samples[piece].astype(np.int64)
        error += int(np.sum(difference * difference))
    ratio = _DIGITS.power(Decimal(10), _DIGITS.divide(Decimal(comparator.least_db), Decimal(10)))
    return _DIGITS.multiply(ratio, Decimal(error)) <= a.peak * a.peak * len(a.samples)


def _image(data: bytes) -> _Image | None:
    """None: not a whole binary PGM or PPM without comments, or a sample above its maximum."""
    header = _PNM.match(data)
    if header is None:
        return None
    kind, width, height, peak = (int(number) for number in header.groups())
    count = width * height * (3 if kind == 6 else 1)
    sample = np.dtype(">u1" if peak < 256 else ">u2")
    is_whole = len(data) - header.end() == count * sample.itemsize
    if not is_whole or count == 0 or not 0 < peak < 65536:
        return None
    samples = np.frombuffer(data, sample, count, header.end())
    return _Image((kind, width, height, peak), samples) if np.max(samples) <= peak else None
