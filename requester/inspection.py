"""Ringers after their results have come: what is wrong is contested, who agreed is unseated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from protocol.chain.bonds import bond_shortage
from protocol.chain.contracts import Call, Contracts
from protocol.chain.events import Cursor, EventReader
from protocol.chain.view import Case, ChainView, OpenBatch
from protocol.client.audits import read_opening
from protocol.client.client import MarketClient
from protocol.dispute import DisputeStatus, Verdict
from protocol.errors import (
    ChainRejected,
    ClaimFailed,
    FallowError,
    InsufficientFunds,
    InvalidInput,
)
from protocol.ringers import Ringers
from protocol.settlement.refusals import Refusal
from protocol.units import Address, Bytes32, to_hex
from requester.results import all_tasks

MAX_PAGES = 100_000
Send = Callable[[str, Call], None]
# How the contract says that it is done already, or that there is nothing to be done.
_UNSEATED = f"{Refusal.AUDIT_NOT_ACCEPTED}("
_SPARED = (f"{Refusal.NOT_CONTRADICTED}(", f"{Refusal.SEAT_EMPTY}(")


class Pursuit(StrEnum):
    """What came of pursuing a wrong result."""

    CONTESTED = "contested"
    """Its dispute is open."""
    CONCEDED = "conceded"
    PROVIDER_LOST = "provider_lost"
    CHALLENGER_LOST = "challenger_lost"
    """A committee has found the provider's result: what the requester knew was wrong."""
    OUT_OF_TOLERANCE = "out_of_tolerance"
    UNAVAILABLE = "unavailable"
    """A committee was not given what it would have to run: the lease is not paid."""
    VOID = "void"
    TOO_LATE = "too_late"
    """The window was over before it was checked."""
    NOT_CONTESTED = "not_contested"
    """Nothing was sent; the problem says why."""


_PURSUITS = {
    Verdict.CHALLENGER_LOST: Pursuit.CHALLENGER_LOST,
    Verdict.OUT_OF_TOLERANCE: Pursuit.OUT_OF_TOLERANCE,
    Verdict.UNAVAILABLE: Pursuit.UNAVAILABLE,
}
_UNRESOLVED = (Pursuit.CHALLENGER_LOST, Pursuit.VOID, Pursuit.TOO_LATE, Pursuit.NOT_CONTESTED)


@dataclass(frozen=True, slots=True)
class WrongResult:
    """A wrong result of a ringer, and how many verifiers lost their seat for agreeing with it."""

    task: int
    lease_id: str
    provider: Address
    pursuit: Pursuit
    dispute_id: int | None
    unseated: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """How a job's ringers stand: so many right, so many without a result, and every wrong result.

    A task whose result was lost is done again, so a ringer may be right now and wrong before.
    """

    ringers: int
    right: int
    waiting: int
    wrong: tuple[WrongResult, ...]

    @property
    def is_over(self) -> bool:
        """Whether every ringer has a result, and no dispute is open."""
        return self.waiting == 0 and not self.is_contested

    @property
    def unresolved(self) -> tuple[WrongResult, ...]:
        """The wrong results that nothing more is done about, though nobody has lost them."""
        return tuple(wrong for wrong in self.wrong if wrong.pursuit in _UNRESOLVED)

    @property
    def is_contested(self) -> bool:
        """Whether a dispute is open."""
        return any(wrong.pursuit is Pursuit.CONTESTED for wrong in self.wrong)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Place:
    """A ringer's task in a committed lease."""

    batch: OpenBatch
    line: int
    task: int

    @property
    def lease_id(self) -> Bytes32:
        """Whose result it is."""
        return self.batch.batch.lines[self.line].lease_id

    @property
    def key(self) -> tuple[Bytes32, Bytes32, int]:
        """As `ChainView.disputed` names it."""
        return self.batch.batch_id, self.lease_id, self.task


class Inspector:
    """Checks one job's ringers, as often as it is asked; what was done before is not done again."""

    def __init__(
        self,
        client: MarketClient,
        contracts: Contracts,
        reader: EventReader,
        send: Send,
        me: Address,
        job_id: Bytes32,
        ringers: Ringers,
    ) -> None:
        self._client = client
        self._contracts = contracts
        self._reader = reader
        self._send = send
        self._me = me
        self._job_id = job_id
        self._ringers = ringers
        self._view = ChainView()
        self._cursor: Cursor | None = None

    def check(self) -> Report:
        """Contest what is wrong, unseat who agreed with it, and say how it stands.

        Raises:
            ChainUnavailable, MarketUnavailable: one of them does not answer; check again.
        """
        self._read()
        results = self._results()
        wrong = set(self._ringers.wrong({task: digest for task, (_, digest) in results.items()}))
        found: list[WrongResult] = []
        standing: set[int] = set()
        for place in list(self._places()):
            is_standing = self._is_standing(place, results)
            if is_standing:
                standing.add(place.task)
            if (is_standing and place.task in wrong) or place.key in self._view.disputed:
                found.append(self._pursue(place))
        count = len(self._ringers.tasks)
        return Report(count, len(standing - wrong), count - len(standing), tuple(found))

    def _is_standing(self, place: Place, results: Mapping[int, tuple[bytes, Bytes32]]) -> bool:
        """Whether that is the task's result now."""
        lease_id, _ = results.get(place.task, (b"", None))
        return lease_id == place.lease_id and place.key[:2] not in self._view.released

    def _read(self) -> None:
        for _ in range(MAX_PAGES):
            page = self._reader.poll(self._cursor)
            if page.rollback_to is not None:
                self._view, self._cursor = ChainView(), None
                continue
            for event in page.events:
                self._view.apply(event)
            self._cursor = page.cursor
            if page.is_caught_up:
                return

    def _results(self) -> dict[int, tuple[bytes, Bytes32]]:
        """Of each ringer that has a result: its lease and its digest."""
        return {
            view.task: (view.lease_id, Bytes32(view.result_hash))
            for view in all_tasks(self._client, self._job_id)
            if view.task in self._ringers.tasks and view.result_hash and view.lease_id
        }

    def _places(self) -> Iterator[Place]:
        """Every committed result of a ringer, taken back or not."""
        ringers = set(self._ringers.tasks)
        for batch in self._view.batches.values():
            for line in range(len(batch.batch.lines)):
                lease = batch.batch.result(line)
                if lease.job_id == self._job_id:
                    yield from (Place(batch, line, t) for t in lease.tasks if t in ringers)

    def _pursue(self, place: Place) -> WrongResult:
        """Do what can be done now about a wrong result."""
        number = self._view.disputed.get(place.key) or self._own_dispute(place)
        if number is None:
            pursuit, problem = self._contest(place)
            number = self._view.disputed.get(place.key)
            return _wrong(place, pursuit, number, problem=problem)
        facts = self._contracts.dispute(number)
        if facts.status is DisputeStatus.RESOLVED and facts.verdict is Verdict.PROVIDER_LOST:
            unseated, problem = self._contradict(number)
            return _wrong(place, Pursuit.PROVIDER_LOST, number, unseated, problem)
        return _wrong(
            place, pursuit_of(DisputeStatus(facts.status), Verdict(facts.verdict)), number
        )

    def _own_dispute(self, place: Place) -> int | None:
        """One open dispute a lease: losing one task loses it all, and bonds are dear."""
        for case in self._view.cases.values():
            if case.challenger == self._me and case.lease.lease_id == place.lease_id:
                return case.dispute_id
        return None

    def _contest(self, place: Place) -> tuple[Pursuit, str | None]:
        window_seconds = self._contracts.params().dispute_window_seconds
        if self._contracts.block_timestamp() > place.batch.committed_at + window_seconds:
            return Pursuit.TOO_LATE, None
        batch = place.batch.batch
        shortage = bond_shortage(self._contracts, self._me, batch.result(place.line))
        if shortage is not None:
            return Pursuit.NOT_CONTESTED, shortage
        key = f"dispute:{to_hex(place.batch.batch_id)}:{place.line}:{place.task}"
        try:
            self._send(key, self._contracts.open_dispute(batch, place.line, place.task))
        except (ChainRejected, InsufficientFunds) as error:
            return Pursuit.NOT_CONTESTED, error.message
        self._read()
        return Pursuit.CONTESTED, None

    def _contradict(self, number: int) -> tuple[int, str | None]:
        """How many verifiers have lost their seat for that result; what keeps another its own."""
        case = self._view.won.get(number)
        rounds = self._view.accepted_rounds(case) if case else ()
        if case is None or not rounds:
            return 0, None
        unseated, problem = 0, None
        for audit_round in rounds:
            try:
                unseated += self._unseat(case, audit_round)
            except FallowError as error:
                problem = error.message
        return unseated, problem

    def _unseat(self, case: Case, audit_round: int) -> bool:
        """Whether the verifier that agreed in that round has lost its seat, now or before."""
        opening = read_opening(self._client.dispute_opening(case.dispute_id))
        if not opening.matches(*case.place):
            raise InvalidInput("the market's opening does not lead to the signed resultRoot")
        call = self._contracts.contradict(case.dispute_id, audit_round, opening)
        try:
            self._contracts.check(call, self._me)
            self._send(f"contradict:{case.dispute_id}:{audit_round}", call)
        except ChainRejected as error:  # the market's keeper may be first, even while it is sent
            if error.message.startswith(_SPARED):
                return False
            if not error.message.startswith(_UNSEATED):
                raise
        return True


def require_resolved(report: Report | None) -> None:
    """Check that no wrong result is left standing.

    Raises:
        ClaimFailed: one is; what else its provider delivered may be guessed too.
    """
    for wrong in report.unresolved if report else ():
        raise ClaimFailed(f"a ringer's result is wrong: {describe(wrong)}")


def describe(wrong: WrongResult) -> str:
    """What came of a wrong result, for a person."""
    number = f" (dispute {wrong.dispute_id})" if wrong.dispute_id else ""
    text = f"{wrong.provider}: {wrong.pursuit.replace('_', ' ')}{number}"
    text += f", {wrong.unseated} verifiers unseated" if wrong.unseated else ""
    return text + (f"; {wrong.problem}" if wrong.problem else "")


def pursuit_of(status: DisputeStatus, verdict: Verdict) -> Pursuit:
    """Of a dispute that no committee has decided against the provider."""
    if status is DisputeStatus.OPEN:
        return Pursuit.CONTESTED
    if status is DisputeStatus.CONCEDED:
        return Pursuit.CONCEDED
    return _PURSUITS.get(verdict, Pursuit.VOID)


def _wrong(
    place: Place,
    pursuit: Pursuit,
    number: int | None,
    unseated: int = 0,
    problem: str | None = None,
) -> WrongResult:
    provider = place.batch.batch.result(place.line).provider
    lease_id = to_hex(place.lease_id)
    return WrongResult(place.task, lease_id, provider, pursuit, number, unseated, problem)
