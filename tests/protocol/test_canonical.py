"""RFC 8785: the samples that the RFC publishes, and what is refused.

Source: https://www.rfc-editor.org/rfc/rfc8785, sections 3.2.2 and 3.2.3 and table 1 of appendix B.
The samples here were compared, row by row, with the authors' draft and other people's copies.
"""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.canonical import canonical_bytes, parse_json
from protocol.errors import InvalidInput

# Appendix B, table 1: the bits of a double and its text; every finite row.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

# Section 3.2.2: literals, numbers and strings; section 3.2.3 shows their canonical form.
PRIMITIVES = rb"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
PRIMITIVES_CANONICAL = (
    r'{"literals":[null,true,false],'
    r'"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    r'"string":"€$\u000f\nA' + r"'" + r'B\"\\\\\"/"}'
).encode()

# Section 3.2.3: keys are sorted by their UTF-16 units.
SORTING = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
}
SORTED_VALUES = [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_of_appendix_b(bits: str, text: str) -> None:
    number = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert canonical_bytes(number) == text.encode()


# The first two rows are in appendix B too.
@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_numbers_that_json_lacks(bits: str) -> None:
    with pytest.raises(InvalidInput):
        canonical_bytes(struct.unpack(">d", bytes.fromhex(bits))[0])


def test_primitives_of_section_3_2_2() -> None:
    assert canonical_bytes(parse_json(PRIMITIVES)) == PRIMITIVES_CANONICAL


def test_sorting_of_section_3_2_3() -> None:
    parsed = json.loads(canonical_bytes(SORTING))
    assert list(parsed.values()) == SORTED_VALUES


@given(json_values)
def test_canonical_bytes_are_a_fixed_point(value: object) -> None:
    once = canonical_bytes(value)
    assert canonical_bytes(parse_json(once)) == once


@given(st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9), min_size=2))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_bytes(value) == canonical_bytes(dict(reversed(value.items())))


@pytest.mark.parametrize(
    "value",
    [
        2**53,
        -(2**53),
        10**5000,
        {1: "a"},
        b"bytes",
        {1, 2},
        "\ud800",
        {"\ud800": 1},
        {"a": object()},
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_without_a_canonical_form(value: object) -> None:
    with pytest.raises(InvalidInput):
        canonical_bytes(value)


def test_too_deep_a_value() -> None:
    value: object = 0
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidInput, match="too deeply"):
        canonical_bytes(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b'{"x":{"a":1,"\\u0061":2}}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b"1" * 5000,
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf1",
        '"a"'.encode("utf-16"),
        b"[1,]",
        b"'a'",
        b"1 2",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'["]", ' * 65 + b"1" + b"]" * 65,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_texts_that_are_not_json(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="not valid JSON"):
        parse_json(data)


def test_brackets_in_text_and_wide_lists_do_not_count_as_depth() -> None:
    assert parse_json(rb'["' + rb"[{\"" * 100 + rb'"]') == ['[{"' * 100]
    assert len(parse_json(b"[" + b"[]," * 1000 + b"{}]")) == 1001
    assert parse_json(b"[" * 64 + b"]" * 64)


@given(
    st.binary(max_size=40) | st.text('{}[]":,\\u0123eE.-"truefalsnl', max_size=40).map(str.encode)
)
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        value = parse_json(data)
    except InvalidInput:
        return
    assert json.loads(data) == value
