"""What is going on, told by the chain's events alone: batches under audit and open disputes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from protocol import merkle
from protocol.lease import CommittedLease
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
class Batch:
    """A committed batch; its draws can be made once it has a `seed`."""

    batch_id: int
    operator: Address
    leases: tuple[CommittedLease, ...]
    commit_block: int
    seed: Bytes32 | None = None
    seeded_at: int = 0

    def proof(self, index: int) -> tuple[Bytes32, ...]:
        """The path of lease `index` to the batch's root."""
        return merkle.proof([lease.leaf() for lease in self.leases], index)


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute as far as the chain has told it. `members` is None until they are drawn.

    `changed_at` is the time of the case's last event.
    """

    dispute_id: int
    batch_id: int
    lease: CommittedLease
    task: int
    challenger: Address
    opened_at: int
    opened_block: int
    changed_at: int
    members: tuple[Address, ...] | None = None
    commit_by: int = 0
    reveal_by: int = 0
    open_by: int = 0
    committed: frozenset[Address] = frozenset()
    votes: tuple[tuple[Address, Bytes32], ...] = ()
    claim: Bytes32 | None = None
    delays: int = 0
    is_moot: bool = False

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

    batches: dict[int, Batch] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    disputed: set[tuple[int, Bytes32, int]] = field(default_factory=set)
    """Every (batch id, lease id, task) that was ever disputed: a second dispute is refused."""
    released: set[tuple[int, Bytes32]] = field(default_factory=set)
    """Every (batch id, lease id) whose provider has lost it."""

    def apply(self, event: Happening) -> None:
        """Take one event in; kinds that do not matter here are passed over."""
        handler = _HANDLERS.get(event.kind)
        if handler:
            handler(self, event)

    def prune(self, now_seconds: int, window_seconds: int) -> None:
        """Forget batches whose dispute window is over."""
        for batch in list(self.batches.values()):
            if batch.seed is not None and now_seconds > batch.seeded_at + window_seconds:
                self._forget(batch.batch_id)

    def first_live_block(self) -> int | None:
        """The block from which everything that is not over can be read again."""
        blocks = [batch.commit_block for batch in self.batches.values()]
        blocks += [case.opened_block for case in self.cases.values()]
        return min(blocks, default=None)

    def _forget(self, batch_id: int) -> None:
        del self.batches[batch_id]
        self.disputed = {key for key in self.disputed if key[0] != batch_id}
        self.released = {key for key in self.released if key[0] != batch_id}

    def _on_batch(self, event: Happening) -> None:
        args = event.args
        self.batches[args["batch_id"]] = Batch(
            args["batch_id"], args["operator"], tuple(args["leases"]), event.block_number
        )

    def _on_seed(self, event: Happening) -> None:
        batch = self.batches.get(event.args["batch_id"])
        if batch:
            seeded = replace(batch, seed=event.args["seed"], seeded_at=event.timestamp)
            self.batches[batch.batch_id] = seeded

    def _on_dispute(self, event: Happening) -> None:
        args = event.args
        self.disputed.add((args["batch_id"], args["lease_id"], args["task"]))
        self.cases[args["dispute_id"]] = Case(
            dispute_id=args["dispute_id"],
            batch_id=args["batch_id"],
            lease=args["lease"],
            task=args["task"],
            challenger=args["challenger"],
            opened_at=event.timestamp,
            opened_block=event.block_number,
            changed_at=event.timestamp,
        )

    def _on_committee(self, event: Happening) -> None:
        names = ("commit_by", "reveal_by", "open_by")
        deadlines = {name: event.args[name] for name in names}
        self._change(event, lambda _: {"members": tuple(event.args["members"]), **deadlines})

    def _on_delay(self, event: Happening) -> None:
        self._change(event, lambda case: {"delays": case.delays + 1})

    def _on_commitment(self, event: Happening) -> None:
        self._change(event, lambda case: {"committed": case.committed | {event.args["member"]}})

    def _on_vote(self, event: Happening) -> None:
        vote = (event.args.get("member"), event.args.get("task_digest"))
        self._change(event, lambda case: {"votes": (*case.votes, vote)})

    def _on_claim(self, event: Happening) -> None:
        self._change(event, lambda _: {"claim": event.args["task_digest"]})

    def _on_end(self, event: Happening) -> None:
        self.cases.pop(event.args["dispute_id"], None)

    def _on_release(self, event: Happening) -> None:
        key = (event.args["batch_id"], event.args["lease_id"])
        self.released.add(key)
        for case in list(self.cases.values()):
            if (case.batch_id, case.lease.result.lease_id) == key:
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
    "DisputeOpened": ChainView._on_dispute,
    "CommitteeDrawn": ChainView._on_committee,
    "CommitteeDelayed": ChainView._on_delay,
    "VoteCommitted": ChainView._on_commitment,
    "VoteRevealed": ChainView._on_vote,
    "ClaimOpened": ChainView._on_claim,
    "DisputeConceded": ChainView._on_end,
    "DisputeResolved": ChainView._on_end,
    "LeaseReleased": ChainView._on_release,
}
