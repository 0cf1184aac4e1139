"""Backoff."""

from __future__ import annotations

import pytest

from protocol.client.retry import Retry


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (9, 5), (99, 5)])
def test_doubles_up_to_the_cap(failures: int, seconds: float) -> None:
    assert Retry(random=lambda: 1.0).delay_seconds(failures) == seconds


def test_jitter_takes_up_to_half() -> None:
    assert Retry(random=lambda: 0.0).delay_seconds(1) == 0.1


def test_the_other_side_may_ask_for_longer_but_not_for_ever() -> None:
    assert Retry().delay_seconds(1, asked_seconds=9) == 9
    assert Retry().delay_seconds(1, asked_seconds=99999) == 30
