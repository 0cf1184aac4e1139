"""When a device may work."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from protocol.errors import InvalidInput
from provider.policy import Conditions, Hours, Policy, observe, why_not

FINE = Conditions(minute_of_day=600, is_on_battery=False, is_paused=False, load_percent=90)


def test_without_rules_a_device_works_whenever_it_is_not_paused_or_on_battery() -> None:
    assert why_not(Policy(), FINE) is None
    assert why_not(Policy(), Conditions(600, False, True, None)) == "paused by its owner"
    assert why_not(Policy(), Conditions(600, True, False, None)) == "it runs on battery"
    assert why_not(Policy(is_battery_allowed=True), Conditions(600, True, False, None)) is None


def test_its_owner_comes_first() -> None:
    policy = Policy(max_foreign_load_percent=50)
    assert "90 % busy" in (why_not(policy, FINE) or "")
    assert why_not(policy, Conditions(600, False, False, None)) is None


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("09:00-17:00", [540, 1019], [539, 1020, 0]),
        ("22:00-07:30", [1320, 1439, 0, 449], [450, 1319]),
        ("00:00-24:00", [0, 720, 1439], []),
    ],
)
def test_hours(text: str, inside: list[int], outside: list[int]) -> None:
    hours = Hours.parse(text)
    assert all(hours.contain(minute) for minute in inside)
    assert not any(hours.contain(minute) for minute in outside)


@pytest.mark.parametrize("text", ["", "9-5", "25:00-26:00", "10:60-11:00", "10:00", "a:b-c:d"])
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInput, match="hours look like"):
        Hours.parse(text)


def test_observing_this_machine(tmp_path: Path) -> None:
    pause = tmp_path / "paused"
    now = datetime(2026, 1, 1, 13, 5, tzinfo=UTC)
    first = observe(pause, now, is_working=True)
    assert (first.minute_of_day, first.is_paused, first.load_percent) == (785, False, None)
    pause.touch()
    second = observe(pause, now, is_working=False)
    assert second.is_paused
    assert second.load_percent is not None
