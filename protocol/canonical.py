"""Canonical JSON (RFC 8785): one text, and so one hash, for one value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import rfc8785

from protocol.errors import InvalidInput

MAX_DEPTH = 64
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)

Json = Any  # str | int | float | bool | None | list[Json] | dict[str, Json]


def canonical_bytes(value: Json) -> bytes:
    """The RFC 8785 encoding of `value`.

    Raises:
        InvalidInput: NaN, infinity, an integer outside +-(2**53 - 1), text with a lone
            surrogate, a type JSON lacks, or too deep nesting.
    """
    try:
        return rfc8785.dumps(value)
    except RecursionError:
        raise InvalidInput("no canonical JSON: nested too deeply") from None
    except ValueError as error:  # the library's own errors, and UnicodeEncodeError from a key
        raise InvalidInput(f"no canonical JSON: {error}") from None


def parse_json(data: bytes) -> Json:
    """Parse JSON in UTF-8, refusing duplicate keys, non-finite numbers and deep nesting.

    Raises:
        InvalidInput: not such a text.
    """
    try:
        text = data.decode("utf-8")
        _check_depth(text)
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite
        )
    except ValueError as error:
        raise InvalidInput(f"not valid JSON: {error}") from None


def _check_depth(text: str) -> None:
    """Keep a stranger's text off the parser's C stack: where a program has raised Python's
    recursion limit, deep nesting would crash the process instead of raising RecursionError.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += bool(match[1]) - bool(match[2])
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")


def _unique(pairs: list[tuple[str, Json]]) -> Mapping[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice")
    return result


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
