"""Who guesses a yes or no, and who agrees without looking: before a requester that knows some.

Ringers are the requester's own: nobody else is told. It checks them by the `fallow` command or the
SDK, contests from its own wallet, and the market, the verifiers and the committee are processes.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from protocol.chain.events import ChainEvent
from protocol.dispute import Verdict
from protocol.errors import ClaimFailed
from protocol.pricing import (
    Split,
    concession_wei,
    slash_wei,
    split_concession,
    split_slash,
)
from protocol.result import Outcome
from protocol.ringers import Ringers
from protocol.sampling import Draw
from protocol.units import PPM
from requester.handle import JobHandle
from requester.inspection import Pursuit, WrongResult, require_resolved
from requester.ringers import KnownTask
from tests.support.arena import Arena, ask_of, open_arena, require_mirrored
from tests.support.commands import FALLOW
from tests.support.liar import Liar, draws_of
from tests.support.rogue import Delivered, Lie, Rogue
from tests.support.yes_no import NO, YES, YES_NO, question, says

pytestmark = pytest.mark.timeout(300)
VERIFIERS = ("v1", "v2", "v3")
OWNER = "requester"
TRIES = 10
PATIENCE_SECONDS = 120  # a market may reckon for a minute with an offer that is no longer seen


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with open_arena(tmp_path_factory.mktemp("arena"), VERIFIERS) as opened:
        yield opened


@pytest.fixture(scope="module")
def friend(arena: Arena) -> Liar:
    """A verifier with most of the seats, that signs what is likeliest and runs nothing."""
    made = Liar(arena, "friend")
    made.sit_down(12)
    return made


@dataclass(frozen=True)
class Guessed:
    """A job of one question whose answer is yes and one ringer whose answer is no, all said yes."""

    rogue: Rogue
    handle: JobHandle
    work: Delivered
    stake_wei: int

    @property
    def ringers(self) -> Ringers:
        assert self.handle.ringers is not None
        return self.handle.ringers

    @property
    def ringer(self) -> int:
        """Its place among the job's two tasks."""
        (task,) = self.ringers.tasks
        return task

    def is_about(self, event: ChainEvent) -> bool:
        """Whether something was told of the ringer's result."""
        told = event.args["lease_id"], event.args["task"]
        return told == (self.work.result.lease_id, self.ringer)


def guess(_: int, __: bytes) -> Outcome:
    """Without a look at it."""
    return YES


def guessed(
    arena: Arena, name: str, stake_prices: int | None = None, owner: str = OWNER
) -> Guessed:
    """A stake of None is so little that every task is audited."""
    rogue = Rogue(arena, name, arena.tier())
    price_wei = rogue.price_wei
    stake_wei = price_wei * 8 // 10 if stake_prices is None else stake_prices * price_wei
    rogue.enrol(stake_wei)
    known = KnownTask(question(NO, f"{name} ringer"), NO.digest)
    asked = [question(YES, f"{name} asked")]
    requester = arena.requester_named(owner)
    handle = arena.post(requester, asked, rogue.tier, price_wei, YES_NO, [known])
    assert handle.ringers is not None
    (ringer,) = handle.ringers.tasks
    works = deliver_all(rogue, 2, guess)
    work = next(work for work in works if ringer in work.result.tasks)
    return Guessed(rogue, handle, work, stake_wei)


def deliver_all(rogue: Rogue, count: int, lie: Lie) -> list[Delivered]:
    """Take leases until so many tasks are done, a lease for as many as the market likes."""
    works: list[Delivered] = []
    while sum(work.result.count for work in works) < count:
        works.append(rogue.deliver(rogue.take(), lie))
    return works


def require_lost(arena: Arena, found: Guessed, dispute_id: int, split: Split) -> None:
    """Check what the dispute took, and who got it."""
    args = arena.await_event("Slashed", lambda e: e.args["dispute_id"] == dispute_id).args
    assert args["provider"] == found.rogue.address
    assert args["amount_wei"] == split.total_wei
    assert args["to_requester_wei"] == split.requester_wei
    assert args["to_challenger_wei"] == split.challenger_wei


def unnoticed(arena: Arena, name: str, owner: str = OWNER) -> Guessed:
    """A veteran's guess that no verifier is drawn for: they seldom are."""
    for number in range(TRIES):
        found = guessed(arena, f"{name}-{number}", 60, owner)
        if not draws_of(arena, found.work, found.ringer):
            return found
        concede_to_verifier(arena, found)
    raise AssertionError("a verifier was drawn each time")


def concede_to_verifier(arena: Arena, found: Guessed) -> None:
    """Admit it to whoever has run it."""
    dispute_id = arena.await_dispute(found.work.result.lease_id, found.ringer)
    arena.send(found.rogue.account, arena.contracts().concede(dispute_id))


def contested(arena: Arena, handle: JobHandle) -> WrongResult:
    """What the requester contests, once the market tells it of the result."""
    arena.until(lambda: handle.check().wrong, "a wrong ringer")
    (wrong,) = handle.check().wrong
    assert wrong.pursuit is Pursuit.CONTESTED
    return wrong


# ---------------------------------------------------------------------------------- a provider


def test_a_provider_that_guesses_is_contested_by_who_knew(arena: Arena) -> None:
    """By the command, as a process; it concedes, and what it guessed elsewhere stands."""
    found = unnoticed(arena, "guesser")
    arena.until(lambda: found.handle.view().tasks_by_state.get("committed") == 2, "both results")
    code, report = check(arena, found.handle)
    (wrong,) = report["wrong"]
    assert (code, wrong["pursuit"], wrong["task"]) == (9, "contested", found.ringer)
    dispute_id = wrong["dispute_id"]
    facts = arena.contracts().dispute(dispute_id)
    assert (facts.challenger, facts.task) == (arena.address(OWNER), found.ringer)
    arena.send(found.rogue.account, arena.contracts().concede(dispute_id))
    price_wei = found.rogue.price_wei
    taken_wei = concession_wei(price_wei, found.stake_wei)
    require_lost(arena, found, dispute_id, split_concession(taken_wei, price_wei))
    code, report = check(arena, found.handle)
    assert (code, report["wrong"][0]["pursuit"], report["waiting"]) == (9, "conceded", 1)


def test_others_do_the_work_and_only_what_was_asked_comes_back(arena: Arena) -> None:
    """A job that was guessed is done again, by a provider that runs it."""
    found = unnoticed(arena, "first")
    wrong = contested(arena, found.handle)
    assert found.handle.check().wrong == (wrong,)  # nothing is sent twice
    assert len(arena.disputes_of(found.work.result.lease_id)) == 1
    assert wrong.dispute_id is not None
    arena.send(found.rogue.account, arena.contracts().concede(wrong.dispute_id))
    tier = found.rogue.tier
    worker = Rogue(arena, "second", tier, ask_of(tier) - 1)  # cheaper: so it is asked first
    worker.enrol(60 * worker.price_wei)
    worker.deliver(worker.take(PATIENCE_SECONDS), lambda _, data: says(data))
    _, last = found.handle.wait_checked(timeout_seconds=60)
    assert last is not None
    assert (last.right, last.waiting, last.unresolved) == (1, 0, ())
    assert [wrong.pursuit for wrong in last.wrong] == [Pursuit.CONCEDED]
    assert [result.outcome for result in found.handle.results()] == [YES]
    assert found.handle.missing_tasks() == []
    code, told = check(arena, found.handle, "--wait")
    assert (code, told["right"], told["waiting"]) == (9, 1, 0)


def test_where_the_ringers_are_is_on_this_machine_alone(arena: Arena) -> None:
    """In a file for its owner, and nowhere in what the market keeps, says or logs."""
    requester = arena.requester_named(OWNER)
    found = guessed(arena, "private", stake_prices=60)
    (note,) = arena.folder.glob(f"fallow/requester/ringers/{found.handle.job_id.hex()}.json")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert json.loads(note.read_text())["ringers"][0]["task"] == found.ringer
    assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700
    says_market = found.handle.view().model_dump_json()
    assert "ringer" not in says_market
    assert NO.digest.hex() not in says_market
    logs = [path.read_text(errors="replace") for path in (arena.folder / "logs").glob("*.log")]
    assert not any("ringer" in log for log in logs)
    assert requester.job(found.handle.job_id).ringers == found.ringers


def test_without_a_bond_a_wrong_ringer_stands_and_is_told(arena: Arena) -> None:
    """Until its window is over; a requester that looks is not left to think that all is well."""
    found = unnoticed(arena, "spared", "poor")
    contracts, poor = arena.contracts(), arena.address("poor")
    free_wei = contracts.account(poor).balance_wei
    arena.send(arena.key("poor"), contracts.withdraw(free_wei, poor))
    arena.until(lambda: found.handle.check().wrong, "a wrong ringer")
    report = found.handle.check()
    (wrong,) = report.unresolved
    assert wrong.pursuit is Pursuit.NOT_CONTESTED
    assert "the bond is 10 credits" in str(wrong.problem)
    with pytest.raises(ClaimFailed, match="deposit more"):
        require_resolved(report)
    assert not arena.disputes_of(found.work.result.lease_id)
    arena.move_clock(arena.params.dispute_window_seconds + 1)
    assert [late.pursuit for late in found.handle.check().wrong] == [Pursuit.TOO_LATE]


# ---------------------------------------------------------------------------------- with a friend


def agreed(arena: Arena, friend: Liar) -> tuple[Guessed, Draw]:
    """Guesses that the friend alone is drawn for, and paid: nobody else has noticed anything."""
    for number in range(TRIES):
        found = guessed(arena, f"pair-{number}")
        draw = friend.drawn(found.work, found.ringer, is_alone=True)
        if draw is not None:
            assert friend.commit(found.work, found.ringer, YES.digest).digest == YES.digest
            assert friend.reveal(found.work, found.ringer, YES.digest).agrees
            arena.await_event("AuditAccepted", found.is_about)
            return found, draw
        assert draws_of(arena, found.work, found.ringer)
        concede_to_verifier(arena, found)
    raise AssertionError("the friend was never drawn alone")


def test_a_ringer_costs_the_provider_its_stake_and_its_friend_the_seat(
    arena: Arena, friend: Liar
) -> None:
    """It fights, since its friend has signed; a committee that runs the task knows better."""
    found, draw = agreed(arena, friend)
    seat_id = friend.seat_of(found.work, found.ringer, draw)
    friend.stand_up()  # lest it had to judge its own lie
    before_wei = arena.wealth_wei([friend.name])
    wrong = contested(arena, found.handle)
    assert wrong.dispute_id is not None
    arena.move_clock(arena.params.concede_seconds + 1)
    assert arena.verdict_of(wrong.dispute_id) == Verdict.PROVIDER_LOST
    price_wei = found.rogue.price_wei
    taken_wei = slash_wei(price_wei, found.stake_wei)
    require_lost(arena, found, wrong.dispute_id, split_slash(taken_wei, price_wei))
    (last,) = found.handle.check().wrong
    assert (last.pursuit, last.unseated, last.problem) == (Pursuit.PROVIDER_LOST, 1, None)
    assert arena.contracts().seat_stake(seat_id) == 0
    assert arena.wealth_wei([friend.name]) == before_wei - arena.params.seat_stake_wei
    assert found.handle.check().wrong == (last,)


def test_a_right_guess_without_stake_is_paid(arena: Arena) -> None:
    """A known limit: it is run by whoever audits it, and nothing is wrong with it."""
    rogue = Rogue(arena, "lucky", arena.tier())
    rogue.enrol(0)
    asked = [question(YES, "lucky")]
    arena.post(arena.requester_named(OWNER), asked, rogue.tier, rogue.price_wei, YES_NO)
    before_wei = arena.wealth_wei([rogue.name])
    work = rogue.deliver(rogue.take(), guess)
    assert work.batch.audit_rate_ppm(work.line) > PPM
    arena.await_event("AuditAccepted", lambda e: e.args["lease_id"] == work.result.lease_id)
    arena.settle_all()
    assert arena.wealth_wei([rogue.name]) == before_wei + rogue.price_wei


def test_by_the_simulators_rules_everybody_owns_the_same(arena: Arena) -> None:
    arena.settle_all()
    assert require_mirrored(arena) > 30


def check(arena: Arena, handle: JobHandle, *options: str) -> tuple[int, dict[str, Any]]:
    """`fallow job check`, in a process of its own: its exit code and what it prints."""
    key_file = arena.folder / "keys" / f"{OWNER}.key"
    command = [*FALLOW, "job", "check", str(handle), "--json", "--market", arena.url]
    done = subprocess.run(
        [*command, "--key-file", str(key_file), *options],
        env=os.environ | {"XDG_DATA_HOME": str(arena.folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report
