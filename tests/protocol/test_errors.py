"""The error tree: every class says what an edge needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import protocol.errors
from protocol.errors import FallowError


def _tree(root: type[FallowError] = FallowError) -> Iterator[type[FallowError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == protocol.errors.__name__:
            yield from _tree(child)


CLASSES = list(_tree())


def test_codes_are_unique_and_plain() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes) > 20
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_is_complete(kind: type[FallowError]) -> None:
    assert 400 <= kind.http_status <= 599
    assert 1 <= kind.exit_code <= 125
    assert kind().message.endswith(".")
    assert kind("one sentence").message == "one sentence"
    if kind.http_status == 503 and kind.retryable:
        assert "try" in kind().message or "tried" in kind().message


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_what_the_caller_did_wrong_is_not_tried_again(kind: type[FallowError]) -> None:
    if kind.http_status in (401, 402, 403, 404, 413, 422):
        assert not kind.retryable
