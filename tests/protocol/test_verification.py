"""Declared comparators: every field has bounds, and numbers are decimal text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from protocol.errors import InvalidSpec
from protocol.units import content_id
from protocol.verification import (
    Comparator,
    comparator_from_json,
    comparator_json,
    verification_from_json,
    verification_json,
)
from tests.protocol.strategies import comparators

MODULE = content_id(b"module")
CLOSE: dict[str, Any] = {
    "kind": "close",
    "dtype": "float32",
    "absolute": "1e-6",
    "relative": "1e-5",
}
COSINE: dict[str, Any] = {
    "kind": "cosine",
    "dtype": "float64",
    "dimensions": 384,
    "least": "0.9999",
}
PSNR: dict[str, Any] = {"kind": "psnr", "least_db": "40"}
CUSTOM: dict[str, Any] = {"kind": "custom", "module": MODULE}
NUMBERS: list[Any] = [None, 0, 0.5, True, "", " 1", "1 ", "+1", "-1", "01", ".5", "5.", "1E-6"]
MORE_NUMBERS: list[Any] = ["1e", "1e999", "NaN", "Infinity", "1_0", "\u0661", "1" * 31, [], {}]
WRONG: list[tuple[dict[str, Any], str, list[Any]]] = [
    (CLOSE, "dtype", [None, "float", "int8", "bfloat16", 32, []]),
    (CLOSE, "absolute", [*NUMBERS, *MORE_NUMBERS, "1.1e30", "1e31"]),
    (CLOSE, "relative", [*NUMBERS, *MORE_NUMBERS, "1.0000000001", "2"]),
    (COSINE, "dtype", [None, "float8"]),
    (COSINE, "dimensions", [None, 0, -1, True, 1.0, "384", (1 << 20) + 1]),
    (COSINE, "least", [*NUMBERS, *MORE_NUMBERS, "1.1", "-0.5"]),
    (PSNR, "least_db", [*NUMBERS, *MORE_NUMBERS, "200.1", "1e3"]),
    (CUSTOM, "module", [None, "", "sha256:", MODULE.upper(), 1]),
]


@pytest.mark.parametrize(
    ("base", "field", "values"), WRONG, ids=[f"{base['kind']}-{field}" for base, field, _ in WRONG]
)
def test_every_wrong_value_is_named(base: dict[str, Any], field: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(InvalidSpec, match=f"verification.comparator.{field}") as caught:
            comparator_from_json({**base, field: value})
        assert len(caught.value.message) < 300


@pytest.mark.parametrize("base", [CLOSE, COSINE, PSNR, CUSTOM], ids=lambda base: str(base["kind"]))
def test_fields_must_be_there_and_no_others(base: dict[str, Any]) -> None:
    assert comparator_json(comparator_from_json(base)) == base
    for missing in base:
        with pytest.raises(InvalidSpec, match=missing):
            comparator_from_json({name: value for name, value in base.items() if name != missing})
    with pytest.raises(InvalidSpec, match=base["kind"]):
        comparator_from_json({**base, "extra": "1"})


@pytest.mark.parametrize("kind", ["equal", "Close", "", None, 1, [], {}])
def test_unknown_comparators_are_refused(kind: object) -> None:
    with pytest.raises(InvalidSpec, match="close, cosine, psnr, custom"):
        comparator_from_json({**CLOSE, "kind": kind})


@given(comparators)
def test_round_trip(comparator: Comparator) -> None:
    assert comparator_from_json(comparator_json(comparator)) == comparator
    assert verification_from_json(verification_json(comparator)) == comparator


def test_exact_has_the_form_that_it_always_had() -> None:
    assert verification_json(None) == "exact"
    assert verification_from_json("exact") is None
