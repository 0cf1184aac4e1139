"""What is going on, told by the chain's events: batches under audit and open disputes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from protocol.batch import Batch
from protocol.dispute import Verdict
from protocol.lease import LeaseResult
from protocol.units import Address, Bytes32


class Happening(Protocol):
    """What is needed of a `protocol.chain.events.ChainEvent`."""

    @property
    def kind(self) -> str: ...
    @property
    def args(self) -> Mapping[str, Any]: ...
    @property
    def block_number(self) -> int: ...
    @property
    def timestamp(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A committed batch whose window is open; its draws can be made once it has a `seed`."""

    batch_id: Bytes32
    batch: Batch
    commit_block: int
    committed_at: int
    seed: Bytes32 | None = None

    def line_of(self, lease_id: Bytes32) -> int:
        """Where a lease stands in the batch."""
        lines = enumerate(self.batch.lines)
        return next(number for number, line in lines if line.lease_id == lease_id)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a game has left of an execution: what follows from state `low`."""

    low: int
    low_state: Bytes32


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute as far as the chain has told it. `members` is None until they are drawn.

    `changed_at` is the time of the case's last event.
    """

    dispute_id: int
    batch_id: Bytes32
    line: int
    lease: LeaseResult
    task: int
    challenger: Address
    opened_at: int
    opened_block: int
    first_block: int
    """From which block on everything about it can be read again: that of its batch, if known."""
    changed_at: int
    seed_block: int = 0
    """Which block draws its committee; 0 until the committee is called."""
    members: tuple[Address, ...] | None = None
    commit_by: int = 0
    reveal_by: int = 0
    open_by: int = 0
    committed: frozenset[Address] = frozenset()
    votes: tuple[tuple[Address, Bytes32], ...] = ()
    claim: Bytes32 | None = None
    is_moot: bool = False
    stretch: Stretch | None = None
    """What its committee re-runs; None: the whole task."""
    committees_before: int = 0

    @property
    def place(self) -> tuple[Bytes32, int, int, int, Bytes32]:
        """Where an opening of the contested task must lead, as `Opening.matches` takes it."""
        lease = self.lease
        return lease.lease_id, lease.first_task, lease.count, self.task, lease.result_root

    @property
    def revealed(self) -> frozenset[Address]:
        """The members that have revealed."""
        return frozenset(member for member, _ in self.votes)

    def is_commit_over(self, now_seconds: int) -> bool:
        """Whether votes can be revealed."""
        return len(self.committed) == len(self.members or ()) or now_seconds > self.commit_by

    def is_reveal_over(self, now_seconds: int) -> bool:
        """Whether the claim can be opened."""
        is_complete = self.is_commit_over(now_seconds) and self.revealed == self.committed
        return is_complete or now_seconds > self.reveal_by

    @property
    def majority(self) -> Bytes32 | None:
        """The digest that more than half of the revealed votes name."""
        digests = [digest for _, digest in self.votes]
        return next((d for d in digests if 2 * digests.count(d) > len(digests)), None)


@dataclass
class ChainView:
    """The batches and cases that are not over, by id. `apply` every event once, in order."""

    batches: dict[Bytes32, OpenBatch] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    won: dict[int, Case] = field(default_factory=dict)
    """Cases that the challenger has won: a verifier whose agreement was accepted was wrong."""
    disputed: dict[tuple[Bytes32, Bytes32, int], int] = field(default_factory=dict)
    """By (batch id, lease id, task) the id of its dispute, over or not: a second one is refused."""
    released: set[tuple[Bytes32, Bytes32]] = field(default_factory=set)
    """Every (batch id, lease id) whose provider has lost it."""
    accepted: set[tuple[Bytes32, Bytes32, int, int]] = field(default_factory=set)
    """Every (batch id, lease id, task, round) whose audit is accepted."""

    def apply(self, event: Happening) -> None:
        """Take one event in; kinds that do not matter here are passed over."""
        handler = _HANDLERS.get(event.kind)
        if handler:
            handler(self, event)

    def set_seed(self, batch_id: Bytes32, seed: Bytes32) -> None:
        """Note the seed of a batch, which the chain tells without an event."""
        batch = self.batches.get(batch_id)
        if batch:
            self.batches[batch_id] = replace(batch, seed=seed)

    def accepted_rounds(self, case: Case) -> tuple[int, ...]:
        """The rounds in which an audit of the case's task is accepted."""
        place = (case.batch_id, case.lease.lease_id, case.task)
        return tuple(sorted(audit[3] for audit in self.accepted if audit[:3] == place))

    def prune(self, now_seconds: int, window_seconds: int) -> None:
        """Forget batches whose dispute window is over, and cases that were won as long ago."""
        for batch in list(self.batches.values()):
            if now_seconds > batch.committed_at + window_seconds:
                del self.batches[batch.batch_id]
        for case in list(self.won.values()):
            if now_seconds > case.changed_at + window_seconds:
                del self.won[case.dispute_id]
        cases = (*self.cases.values(), *self.won.values())
        kept = self.batches.keys() | {case.batch_id for case in cases}
        self.disputed = {key: number for key, number in self.disputed.items() if key[0] in kept}
        self.released = {key for key in self.released if key[0] in kept}
        self.accepted = {key for key in self.accepted if key[0] in kept}

    def first_live_block(self) -> int | None:
        """The block from which everything that is not over can be read again."""
        blocks = [batch.commit_block for batch in self.batches.values()]
        blocks += [case.first_block for case in (*self.cases.values(), *self.won.values())]
        return min(blocks, default=None)

    def _on_batch(self, event: Happening) -> None:
        batch_id = event.args["batch_id"]
        self.batches[batch_id] = OpenBatch(
            batch_id, event.args["batch"], event.block_number, event.timestamp
        )

    def _on_seed(self, event: Happening) -> None:
        self.set_seed(event.args["batch_id"], event.args["seed"])

    def _on_acceptance(self, event: Happening) -> None:
        names = ("batch_id", "lease_id", "task", "round")
        batch_id, lease_id, task, audit_round = (event.args[name] for name in names)
        self.accepted.add((batch_id, lease_id, task, audit_round))

    def _on_dispute(self, event: Happening) -> None:
        args = event.args
        key = (args["batch_id"], args["lease_id"], args["task"])
        self.disputed[key] = args["dispute_id"]
        batch = self.batches.get(args["batch_id"])
        self.cases[args["dispute_id"]] = Case(
            dispute_id=args["dispute_id"],
            batch_id=args["batch_id"],
            line=args["line"],
            lease=args["lease"],
            task=args["task"],
            challenger=args["challenger"],
            opened_at=event.timestamp,
            opened_block=event.block_number,
            first_block=batch.commit_block if batch else event.block_number,
            changed_at=event.timestamp,
        )

    def _on_committee(self, event: Happening) -> None:
        names = ("commit_by", "reveal_by", "open_by")
        deadlines = {name: event.args[name] for name in names}
        self._change(event, lambda _: {"members": tuple(event.args["members"]), **deadlines})

    def _on_call(self, event: Happening) -> None:
        self._change(event, lambda _: {"seed_block": event.args["seed_block"]})

    def _on_commitment(self, event: Happening) -> None:
        self._change(event, lambda case: {"committed": case.committed | {event.args["member"]}})

    def _on_vote(self, event: Happening) -> None:
        vote = (event.args.get("member"), event.args.get("task_digest"))
        self._change(event, lambda case: {"votes": (*case.votes, vote)})

    def _on_claim(self, event: Happening) -> None:
        self._change(event, lambda _: {"claim": event.args["task_digest"]})

    def _on_narrowed(self, event: Happening) -> None:
        stretch = Stretch(event.args["low"], event.args["low_state"])
        self._change(event, lambda _: {"stretch": stretch})

    def _on_whole(self, event: Happening) -> None:
        """Another committee is called, for the whole task."""
        self._change(
            event,
            lambda case: {
                "stretch": None,
                "members": None,
                "seed_block": 0,
                "commit_by": 0,
                "reveal_by": 0,
                "open_by": 0,
                "committed": frozenset(),
                "votes": (),
                "committees_before": case.committees_before + 1,
            },
        )

    def _on_concession(self, event: Happening) -> None:
        self.cases.pop(event.args["dispute_id"], None)

    def _on_verdict(self, event: Happening) -> None:
        case = self.cases.pop(event.args["dispute_id"], None)
        if case and event.args["verdict"] == Verdict.PROVIDER_LOST:
            self.won[case.dispute_id] = replace(case, changed_at=event.timestamp)

    def _on_release(self, event: Happening) -> None:
        key = (event.args["batch_id"], event.args["lease_id"])
        self.released.add(key)
        for case in list(self.cases.values()):
            if (case.batch_id, case.lease.lease_id) == key:
                moot = replace(case, is_moot=True, changed_at=event.timestamp)
                self.cases[case.dispute_id] = moot

    def _change(self, event: Happening, changes: Callable[[Case], dict[str, Any]]) -> None:
        case = self.cases.get(event.args["dispute_id"])
        if case:
            changed = replace(case, changed_at=event.timestamp, **changes(case))
            self.cases[case.dispute_id] = changed


_HANDLERS: dict[str, Callable[[ChainView, Happening], None]] = {
    "BatchCommitted": ChainView._on_batch,
    "SeedFixed": ChainView._on_seed,
    "AuditAccepted": ChainView._on_acceptance,
    "DisputeOpened": ChainView._on_dispute,
    "CommitteeDrawn": ChainView._on_committee,
    "CommitteeCalled": ChainView._on_call,
    "VoteCommitted": ChainView._on_commitment,
    "VoteRevealed": ChainView._on_vote,
    "ClaimOpened": ChainView._on_claim,
    "GameNarrowed": ChainView._on_narrowed,
    "GameEscalated": ChainView._on_whole,
    "Appealed": ChainView._on_whole,
    "DisputeConceded": ChainView._on_concession,
    "DisputeResolved": ChainView._on_verdict,
    "LeaseReleased": ChainView._on_release,
}
