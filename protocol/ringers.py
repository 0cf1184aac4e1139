"""Ringers: tasks whose right result the requester knows beforehand, and tells nobody.

Where a task's output has few possible values, a provider and a verifier can both *guess* the
likeliest one, agree, and be paid without running anything. A ringer looks like any other task. If
its result is wrong, the requester contests it, and whoever agreed with it is contradicted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from protocol.errors import InvalidInput
from protocol.pricing import HONEST_COST_PPM, audit_fee_wei, audit_rate_ppm, concession_wei
from protocol.units import PPM, Bytes32

# As in the audit rate: what guessing costs is half as much again as what it brings.
MARGIN_NUMERATOR, MARGIN_DENOMINATOR = 3, 2
# Of verifiers, whom the audit rate takes for colluding: one in three.
HONEST_NUMERATOR, HONEST_DENOMINATOR = 2, 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a task costs, and what whoever guesses at it would lose: the provider and the verifier.

    Raises:
        InvalidInput: a price of nothing.
    """

    price_per_task_wei: int
    provider_stake_wei: int
    seat_stake_wei: int

    def __post_init__(self) -> None:
        if self.price_per_task_wei <= 0:
            raise InvalidInput("whoever guesses at a task of no price gains nothing")

    @property
    def cost_wei(self) -> int:
        """What guessing saves: running the task once, v."""
        return self.price_per_task_wei * HONEST_COST_PPM // PPM


@dataclass(frozen=True, slots=True)
class Ringer:
    """A task of a job, by its number there, and its right result's digest (`Outcome.digest`)."""

    task: int
    result_hash: Bytes32 = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ringers:
    """Which of a job's tasks are ringers; all others are what was asked for, in the given order.

    Raises:
        InvalidInput: a task comes twice, or is not one of the job's.
    """

    task_count: int
    ringers: tuple[Ringer, ...] = field(repr=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.ringers, key=lambda ringer: ringer.task))
        tasks = [ringer.task for ringer in ordered]
        if len(set(tasks)) != len(tasks):
            raise InvalidInput("a task is a ringer once")
        if tasks and not 0 <= tasks[0] <= tasks[-1] < self.task_count:
            raise InvalidInput(f"a ringer is one of the job's {self.task_count} tasks")
        object.__setattr__(self, "ringers", ordered)

    @property
    def tasks(self) -> tuple[int, ...]:
        """The ringers' numbers, rising."""
        return tuple(ringer.task for ringer in self.ringers)

    @property
    def asked_count(self) -> int:
        """How many tasks are no ringers."""
        return self.task_count - len(self.ringers)

    def asked(self, task: int) -> int | None:
        """The number of a task among those that were asked for; None: it is a ringer."""
        before = bisect_left(self.ringers, task, key=lambda ringer: ringer.task)
        is_ringer = before < len(self.ringers) and self.ringers[before].task == task
        return None if is_ringer else task - before

    def wrong(self, results: Mapping[int, Bytes32]) -> tuple[int, ...]:
        """The ringers whose result is not the known one, of those that `results` has by task."""
        return tuple(
            ringer.task
            for ringer in self.ringers
            if results.get(ringer.task, ringer.result_hash) != ringer.result_hash
        )


def hidden(asked_count: int, result_hashes: Sequence[Bytes32], random: Random) -> Ringers:
    """Ringers with these results, in their order, at places among the asked tasks.

    Every choice of places is as likely as any other, if `random` is a secret (`SystemRandom`).
    """
    task_count = asked_count + len(result_hashes)
    places = sorted(random.sample(range(task_count), len(result_hashes)))
    pairs = zip(places, result_hashes, strict=True)
    return Ringers(task_count, tuple(Ringer(task, digest) for task, digest in pairs))


def mixed(ringers: Ringers, asked: Sequence[T], known: Sequence[T]) -> list[T]:
    """What belongs to each of the job's tasks: of `known` to the ringers, of `asked` to the others.

    Raises:
        InvalidInput: too few or too many of either.
    """
    if len(asked) != ringers.asked_count or len(known) != len(ringers.ringers):
        raise InvalidInput("there is one input for each task")
    of_ringer = dict(zip(ringers.tasks, known, strict=True))
    rest = iter(asked)
    return [of_ringer[t] if t in of_ringer else next(rest) for t in range(ringers.task_count)]


def verifier_share_ppm(stakes: Stakes, guess_ppm: int) -> int:
    """The share of ringers from which on a verifier loses by signing what it guesses.

    The rule is r (w + S) > v, where a ringer's guess is right with the chance g: a guess saves
    the work v, and is paid the fee w also for wrong results that nobody finds. It costs the seat S
    where it is wrong about a ringer:  r (1 - g) S > v + (1 - g) w.
    """
    _require_chance(guess_ppm)
    wrong_ppm = PPM - guess_ppm
    fee_wei = audit_fee_wei(stakes.price_per_task_wei)
    gain = stakes.cost_wei * PPM + wrong_ppm * fee_wei
    return _share_ppm(gain, wrong_ppm * stakes.seat_stake_wei)


def provider_share_ppm(stakes: Stakes, guess_ppm: int) -> int:
    """The share of ringers from which on a provider loses by delivering what it guesses.

    A guess saves the work v. It costs the price and a concession, L, where it is wrong and found:
    by a ringer, or by an honest verifier that is drawn, which makes 1 - (1 - r)(1 - q (1 - a)).
    """
    _require_chance(guess_ppm)
    price_wei = stakes.price_per_task_wei
    loss_wei = price_wei + concession_wei(price_wei, stakes.provider_stake_wei)
    found_ppm = _share_ppm(stakes.cost_wei * PPM, (PPM - guess_ppm) * loss_wei)
    rate_ppm = min(PPM, audit_rate_ppm(price_wei, stakes.provider_stake_wei))
    audited_ppm = rate_ppm * HONEST_NUMERATOR // HONEST_DENOMINATOR
    if found_ppm <= audited_ppm:
        return 0
    return PPM - (PPM - found_ppm) * PPM // (PPM - audited_ppm)


def share_ppm(stakes: Stakes, guess_ppm: int) -> int:
    """The share of a job's tasks that must be ringers so that nobody gains by guessing; see above.

    `guess_ppm` is the chance that the likeliest value is right for a ringer: choose ringers with
    rarer results, and it is lower than for other tasks. 1,000,000 or more: no share is enough.
    """
    return max(verifier_share_ppm(stakes, guess_ppm), provider_share_ppm(stakes, guess_ppm))


def ringers_needed(asked_count: int, least_share_ppm: int) -> int:
    """How many ringers to add to so many tasks, so that they are that share of all; at least one.

    Raises:
        InvalidInput: no number is enough.
    """
    if least_share_ppm >= PPM:
        raise InvalidInput(
            "no number of ringers is enough: whoever guesses is right too often, or has too little "
            "to lose; take ringers whose results are harder to guess"
        )
    return max(1, -(-asked_count * least_share_ppm // (PPM - least_share_ppm)))


def _share_ppm(gain: int, loss: int) -> int:
    """With its margin, rounded up; PPM if nothing is lost."""
    if loss <= 0:
        return PPM
    return min(PPM, -(-gain * PPM * MARGIN_NUMERATOR // (loss * MARGIN_DENOMINATOR)))


def _require_chance(guess_ppm: int) -> None:
    if not 0 <= guess_ppm <= PPM:
        raise InvalidInput("a chance is between 0 and 1")
