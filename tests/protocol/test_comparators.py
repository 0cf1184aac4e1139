"""Comparators: what is near enough, decided alike on every machine."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol import comparators
from protocol.comparators import is_within
from protocol.errors import InvalidInput
from protocol.units import content_id
from protocol.verification import Close, Comparator, Cosine, Custom, Psnr
from tests.protocol.strategies import comparators as any_comparator

LETTERS = {"float16": "e", "float32": "f", "float64": "d"}
CLOSE = Close("float32", "1e-6", "1e-5")
COSINE = Cosine("float32", 3, "0.9999")
PSNR = Psnr("40")
any_float = st.floats(width=32)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def packed(values: list[float], dtype: str = "float32") -> bytes:
    return struct.pack(f"<{len(values)}{LETTERS[dtype]}", *values)


@given(any_comparator, st.binary(max_size=64))
def test_identical_bytes_are_within_whatever_they_are(
    comparator: Comparator, output: bytes
) -> None:
    assert is_within(comparator, output, bytes(output))


@given(any_comparator, st.binary(max_size=64), st.binary(max_size=64))
def test_no_bytes_make_a_comparator_fail(
    comparator: Comparator, own: bytes, claimed: bytes
) -> None:
    assume(not isinstance(comparator, Custom))
    found = is_within(comparator, own, claimed)
    assert found == is_within(comparator, own, claimed)
    if len(own) != len(claimed) and not isinstance(comparator, Psnr):
        assert not found


def test_a_custom_one_is_not_decided_here() -> None:
    with pytest.raises(InvalidInput, match="sandbox"):
        is_within(Custom(content_id(b"module")), b"a", b"b")


@given(st.lists(st.tuples(any_float, any_float), min_size=1, max_size=20))
def test_close_is_what_its_formula_says(pairs: list[tuple[float, float]]) -> None:
    own, claimed = [list(side) for side in zip(*pairs, strict=True)]
    expected = all(
        struct.pack("<f", a) == struct.pack("<f", b)
        or (math.isfinite(a) and math.isfinite(b) and abs(b - a) <= 1e-6 + 1e-5 * abs(a))
        for a, b in pairs
    )
    assert is_within(CLOSE, packed(own), packed(claimed)) == expected


@pytest.mark.parametrize("dtype", LETTERS)
def test_close_takes_small_differences_and_no_large_ones(dtype: str) -> None:
    own = packed([1.0, -2.0, 0.0], dtype)
    near, far = packed([1.0078125, -2.0, 0.0], dtype), packed([1.5, -2.0, 0.0], dtype)
    comparator = Close(dtype, "0", "0.01")
    assert is_within(comparator, own, near)
    assert not is_within(comparator, own, far)
    assert not is_within(comparator, own, own[:-1])
    assert not is_within(comparator, own, own + packed([0.0], dtype))
    assert not is_within(comparator, own, b"")


def test_nothing_is_near_what_is_no_number() -> None:
    wide = Close("float64", "1e30", "1")
    for strange in (math.nan, math.inf, -math.inf):
        assert not is_within(wide, packed([1.0], "float64"), packed([strange], "float64"))
        assert not is_within(wide, packed([strange], "float64"), packed([1.0], "float64"))
        both = packed([strange, 1.0], "float64"), packed([strange, 2.0], "float64")
        assert is_within(wide, *both)
    quiet, other = b"\x00\x00\xc0\x7f", b"\x01\x00\xc0\x7f"
    assert not is_within(CLOSE, quiet, other)


def test_the_ends_of_float64_do_not_overflow_into_agreement() -> None:
    largest = math.ldexp(1 - 2**-53, 1024)
    wide = Close("float64", "1e30", "0.5")
    assert not is_within(wide, packed([largest], "float64"), packed([-largest], "float64"))
    cosine = Cosine("float64", 2, "0.99")
    for scale in (largest, 5e-324):
        own = packed([scale, 0.0], "float64")
        assert not is_within(cosine, own, packed([-scale, 0.0], "float64"))
        assert not is_within(cosine, own, packed([0.0, scale], "float64"))
        assert is_within(cosine, own, packed([1.0, 0.0], "float64"))


rows_of_three = st.lists(st.tuples(finite, finite, finite), min_size=1, max_size=5)


def exact_cosine_is_least(a: tuple[float, ...], b: tuple[float, ...], least: Fraction) -> bool:
    """cos >= least without rounding: the dot product is positive, and its square large enough."""
    dot = sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))
    norms = sum(Fraction(x) ** 2 for x in a) * sum(Fraction(y) ** 2 for y in b)
    return dot > 0 and dot * dot >= least * least * norms


@given(rows_of_three, st.data())
def test_cosine_holds_each_row_by_itself(
    rows: list[tuple[float, float, float]], data: st.DataObject
) -> None:
    other = data.draw(st.lists(st.tuples(finite, finite, finite), min_size=len(rows)))[: len(rows)]
    strictly, loosely = Fraction("0.99990001"), Fraction("0.99989999")
    own = packed([x for row in rows for x in row])
    claimed = packed([x for row in other for x in row])
    zero = (0.0, 0.0, 0.0)
    found = is_within(COSINE, own, claimed)
    pairs = [(a, b) for a, b in zip(rows, other, strict=True) if a != b]
    if any(zero in pair for pair in pairs):
        assert not found
    elif all(exact_cosine_is_least(a, b, strictly) for a, b in pairs):
        assert found
    elif not all(exact_cosine_is_least(a, b, loosely) for a, b in pairs):
        assert not found


def test_cosine_ignores_length_and_refuses_half_rows() -> None:
    own = packed([1.0, 2.0, 3.0])
    assert is_within(COSINE, own, packed([2.0, 4.0, 6.0]))
    assert is_within(COSINE, own, packed([1.0001, 2.0, 3.0]))
    assert not is_within(COSINE, own, packed([3.0, 2.0, 1.0]))
    assert not is_within(COSINE, packed([1.0, 2.0]), packed([1.0, 2.1]))
    assert is_within(COSINE, packed([0.0, 0.0, 0.0]), packed([-0.0, 0.0, 0.0]))
    assert not is_within(COSINE, packed([0.0, 0.0, 0.0]), own)
    nan = packed([math.nan, 0.0, 0.0])
    assert not is_within(COSINE, nan + own, packed([math.nan, 1.0, 0.0]) + own)
    assert is_within(COSINE, nan + own, nan + packed([2.0, 4.0, 6.0]))


@given(st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_rows_are_summed_in_an_order_of_our_own(width: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(3, width))
    sums = comparators._row_sums(values)

    def by_halves(row: list[float]) -> float:
        while len(row) > 1:
            row = row + [0.0] * (len(row) % 2)
            half = len(row) // 2
            row = [x + y for x, y in zip(row[:half], row[half:], strict=True)]
        return row[0]

    assert sums.tolist() == [by_halves(row) for row in values.tolist()]


@pytest.mark.parametrize("comparator", [CLOSE, COSINE])
def test_the_last_chunk_is_looked_at_too(
    comparator: Comparator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparators, "CHUNK_ELEMENTS", 7)
    own = [float(n) for n in range(1, 31)]
    nudged = [x * (1 + 1e-7) for x in own]
    assert is_within(comparator, packed(own), packed(nudged))
    for place in range(len(own)):
        wrong = [*nudged[:place], -nudged[place], *nudged[place + 1 :]]
        assert not is_within(comparator, packed(own), packed(wrong))


def pgm(samples: list[int], width: int, peak: int = 255) -> bytes:
    kind = "B" if peak < 256 else "H"
    header = f"P5\n{width} {len(samples) // width}\n{peak}\n".encode()
    return header + struct.pack(f">{len(samples)}{kind}", *samples)


@given(st.data(), st.sampled_from([255, 65535, 100]), st.integers(0, 100))
def test_psnr_is_what_its_formula_says(data: st.DataObject, peak: int, least_db: int) -> None:
    samples = st.lists(st.integers(0, peak), min_size=6, max_size=6)
    own, claimed = data.draw(samples), data.draw(samples)
    error = sum((a - b) ** 2 for a, b in zip(own, claimed, strict=True)) / len(own)
    if error == 0:
        assert is_within(Psnr(str(least_db)), pgm(own, 3, peak), pgm(claimed, 3, peak))
        return
    ratio_db = 10 * math.log10(peak * peak / error)
    assume(abs(ratio_db - least_db) > 1e-9)
    found = is_within(Psnr(str(least_db)), pgm(own, 3, peak), pgm(claimed, 3, peak))
    assert found == (ratio_db >= least_db)


def test_psnr_at_its_very_edge() -> None:
    """10 dB is a ratio of ten, exactly: whole numbers decide."""
    own, claimed = pgm([0] * 10, 5, 100), pgm([100] + [0] * 9, 5, 100)
    assert is_within(Psnr("10"), own, claimed)
    assert not is_within(Psnr("10.0000001"), own, claimed)


def test_psnr_of_colours() -> None:
    own = b"P6 2 1 255\n" + bytes([10, 20, 30, 40, 50, 60])
    assert is_within(PSNR, own, own[:-1] + bytes([61]))
    assert not is_within(PSNR, own, own[:-1] + bytes([255]))


WHOLE = pgm([1, 2, 3, 4, 5, 6], 3)
SPOILED: list[Callable[[bytes], bytes]] = [
    lambda data: data[:-1],
    lambda data: data + b"\0",
    lambda data: data.replace(b"3 2", b"2 3"),
    lambda data: data.replace(b"P5", b"P6"),
    lambda data: data.replace(b"P5", b"P2"),
    lambda data: data.replace(b"255", b"254"),
    lambda data: data.replace(b"255", b"5"),
    lambda data: data.replace(b"255", b"0"),
    lambda data: data.replace(b"255", b"65536"),
    lambda data: data.replace(b"3 2", b"3#no\n2"),
    lambda data: data.replace(b"3 2", b"0 0"),
    lambda data: b"",
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_what_is_no_image_of_the_same_form_is_out(spoil: Callable[[bytes], bytes]) -> None:
    spoiled = spoil(WHOLE)
    assert spoiled != WHOLE
    assert not is_within(Psnr("0"), WHOLE, spoiled)
    assert not is_within(Psnr("0"), spoiled, WHOLE)
    assert is_within(Psnr("0"), WHOLE, pgm([6, 5, 4, 3, 2, 1], 3))
