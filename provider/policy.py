"""When a device may work: its owner's rules, pure; and the few facts that they need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from protocol.errors import InvalidInput

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily span of local time in minutes since midnight; it may pass midnight."""

    begin_minute: int
    end_minute: int

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read `22:00-07:30`.

        Raises:
            InvalidInput: not two times of a day.
        """
        try:
            begin, end = text.split("-")
            return cls(_minute(begin), _minute(end))
        except ValueError:
            raise InvalidInput(f"hours look like 22:00-07:30, not {text!r}") from None

    def contain(self, minute: int) -> bool:
        """Whether a minute of the day lies inside; equal ends mean the whole day."""
        if self.begin_minute < self.end_minute:
            return self.begin_minute <= minute < self.end_minute
        return minute >= self.begin_minute or minute < self.end_minute


@dataclass(frozen=True, slots=True)
class Policy:
    """The owner's rules."""

    hours: Hours | None = None
    is_battery_allowed: bool = False
    max_foreign_load_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """The facts of a moment. `load_percent` is the whole processor's, None while we work."""

    minute_of_day: int
    is_on_battery: bool
    is_paused: bool
    load_percent: float | None


def why_not(policy: Policy, conditions: Conditions) -> str | None:
    """Why the device may not work now; None if it may."""
    if conditions.is_paused:
        return "paused by its owner"
    if conditions.is_on_battery and not policy.is_battery_allowed:
        return "it runs on battery"
    if policy.hours is not None and not policy.hours.contain(conditions.minute_of_day):
        return "outside the allowed hours"
    load, limit = conditions.load_percent, policy.max_foreign_load_percent
    if load is not None and limit is not None and load > limit:
        return f"its owner needs the processor ({load:.0f} % busy)"
    return None


def observe(pause_file: Path, now: datetime, *, is_working: bool) -> Conditions:
    """The conditions now. The load is that since the last call."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    load_percent = psutil.cpu_percent(interval=None)
    return Conditions(
        minute_of_day=now.hour * 60 + now.minute,
        is_on_battery=battery is not None and battery.power_plugged is False,
        is_paused=pause_file.exists(),
        load_percent=None if is_working else load_percent,
    )


def _minute(text: str) -> int:
    hour, minute = text.strip().split(":")
    value = int(hour) * 60 + int(minute)
    if not (0 <= int(minute) < 60 and 0 <= value <= MINUTES_A_DAY):
        raise ValueError
    return value % MINUTES_A_DAY
