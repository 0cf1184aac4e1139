"""Canonical JSON (RFC 8785): one text, and so one hash, for one value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from protocol.errors import InvalidInput

Json = Any  # str | int | float | bool | None | list[Json] | dict[str, Json]


def canonical_bytes(value: Json) -> bytes:
    """The RFC 8785 encoding of `value`.

    Raises:
        InvalidInput: NaN, infinity, an integer outside +-(2**53 - 1), or a type JSON lacks.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise InvalidInput(f"no canonical JSON: {error}") from error


def parse_json(data: bytes) -> Json:
    """Parse JSON, refusing duplicate keys and non-finite numbers.

    Raises:
        InvalidInput: not such a text.
    """
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"not valid JSON: {error}") from None


def _unique(pairs: list[tuple[str, Json]]) -> Mapping[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice")
    return result


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
