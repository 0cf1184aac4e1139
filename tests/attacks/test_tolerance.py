"""A job with a comparator, in a market of processes: a little off is paid, far off is not.

Its program copies vectors. Nobody's device is off by itself here, so the test's devices are; the
verifiers run the program, compare, and decide by themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from protocol.dispute import OUT_OF_TOLERANCE, Verdict
from protocol.errors import NotFound
from protocol.pricing import audit_rate_ppm, concession_wei
from protocol.result import Outcome
from protocol.units import PPM, content_id
from protocol.verification import Close
from requester.handle import JobHandle
from requester.programs import program
from tests.support.arena import Arena, open_arena
from tests.support.attack import BONDS_WEI
from tests.support.grinding import GRINDING
from tests.support.rogue import Delivered, Lie, Rogue

pytestmark = pytest.mark.timeout(300)
VERIFIERS = ("v1", "v2", "v3", "v4")
WATCHER = "watcher"
TASKS, WIDTH = 3, 64
VECTORS = [
    struct.pack(f"<{WIDTH}f", *(task + n / 7 for n in range(WIDTH))) for task in range(1, TASKS + 1)
]
COPYING = replace(GRINDING, module=program("noop"), comparator=Close("float32", "1e-6", "1e-5"))


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with open_arena(tmp_path_factory.mktemp("arena"), VERIFIERS) as opened:
        opened.person(WATCHER, 10 * BONDS_WEI)
        yield opened


def off_by(portion: float, task_off: int | None = None) -> Lie:
    """The input's vector, each element of it off by that portion, in one task or in all."""

    def answer(task: int, data: bytes) -> Outcome:
        if task_off not in (None, task):
            return Outcome(data)
        values = struct.unpack(f"<{WIDTH}f", data)
        return Outcome(struct.pack(f"<{WIDTH}f", *(x * (1 + portion) for x in values)))

    return answer


@dataclass
class Play:
    """A rogue, and the lease that it has delivered."""

    arena: Arena
    rogue: Rogue
    handle: JobHandle
    stake_wei: int
    work: Delivered

    def contest(self, task: int) -> int:
        """Have the watcher dispute a task."""
        call = self.arena.contracts().open_dispute(self.work.batch, self.work.line, task)
        self.arena.send(self.arena.key(WATCHER), call)
        return self.arena.await_dispute(self.work.result.lease_id, task)


def play(arena: Arena, name: str, lie: Lie, stake_tenths: int) -> Play:
    """Post a job that only the rogue takes, and deliver by `lie`; its stake is in prices / 10."""
    rogue = Rogue(arena, name, arena.tier())
    stake_wei = rogue.price_wei * stake_tenths // 10
    rogue.enrol(stake_wei)
    requester = arena.requester_named("requester")
    handle = arena.post(requester, VECTORS, rogue.tier, rogue.price_wei, COPYING)
    work = rogue.deliver(rogue.take(), lie)
    return Play(arena, rogue, handle, stake_wei, work)


def test_a_little_off_is_agreed_with_and_paid(arena: Arena) -> None:
    """Its stake is so small that every task is audited."""
    found = play(arena, "near", off_by(1e-7), stake_tenths=8)
    lease = found.work.result
    assert found.work.batch.audit_rate_ppm(found.work.line) == audit_rate_ppm(
        found.rogue.price_wei, found.stake_wei
    )
    assert audit_rate_ppm(found.rogue.price_wei, found.stake_wei) >= PPM

    def accepted() -> set[int]:
        events = arena.events("AuditAccepted")
        return {e.args["task"] for e in events if e.args["lease_id"] == lease.lease_id}

    arena.until(lambda: accepted() == set(lease.tasks), "an audit of each task")
    arena.settle_all()
    assert not arena.disputes_of(lease.lease_id)
    account = arena.contracts().account(found.rogue.address)
    # Pay becomes stake at first.
    assert account.balance_wei + account.stake_wei == found.stake_wei + lease.amount
    assert account.strikes == 0


def test_a_verifier_finds_what_is_far_off(arena: Arena) -> None:
    # One task only: a lease that is lost by one dispute leaves all others void.
    found = play(arena, "far", off_by(1e-2, task_off=0), stake_tenths=8)
    dispute_id = arena.await_dispute(found.work.result.lease_id)
    challenger = arena.contracts().dispute(dispute_id).challenger
    assert challenger in {arena.address(name) for name in VERIFIERS}
    costs_a_concession(found, dispute_id)


def test_far_off_costs_a_concession_and_no_more(arena: Arena) -> None:
    """With a stake that a full slash would take more of."""
    found = play(arena, "rich", off_by(1e-2, task_off=0), stake_tenths=1000)
    dispute_id = found.contest(found.work.first)
    costs_a_concession(found, dispute_id)
    account = arena.contracts().account(found.rogue.address)
    assert account.stake_wei > 0


def test_who_contests_what_is_a_little_off_loses_and_reads_nothing(arena: Arena) -> None:
    found = play(arena, "shy", off_by(1e-7), stake_tenths=1000)
    watcher = arena.client(arena.key(WATCHER))
    dispute_id = found.contest(found.work.first)
    assert arena.verdict_of(dispute_id) == Verdict.CHALLENGER_LOST
    view = watcher.dispute_opening(dispute_id)  # its challenger may see the digest by now
    assert view.digest == found.work.digests[0]
    assert view.output is None
    first = found.work.first
    output = off_by(1e-7)(first, VECTORS[first])
    assert output.digest == view.digest
    with pytest.raises(NotFound):
        watcher.fetch_blob(content_id(output.output), arena.folder / "output")
    assert found.rogue.client.fetch_blob(content_id(output.output), arena.folder / "output")


def costs_a_concession(found: Play, dispute_id: int) -> None:
    """Check the ruling, and what it took."""
    arena = found.arena
    assert arena.verdict_of(dispute_id) == Verdict.OUT_OF_TOLERANCE
    revealed = [e for e in arena.events("VoteRevealed") if e.args["dispute_id"] == dispute_id]
    assert {event.args["task_digest"] for event in revealed} == {OUT_OF_TOLERANCE}
    account = arena.contracts().account(found.rogue.address)
    taken_wei = concession_wei(found.rogue.price_wei, found.stake_wei)
    assert found.stake_wei - account.stake_wei == taken_wei
    assert account.strikes == 0
    assert account.balance_wei == 0
