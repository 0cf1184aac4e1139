"""What real people did on a real chain, done again to the mirror that the simulator plays on.

Whoever sent it and whatever it was for: if the mirror takes every transaction that the contracts
took, in their order, and nobody then owns another wei, the simulator counts by the same rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from web3 import Web3

from protocol.audit import commitment
from protocol.batch import Batch
from protocol.chain import facts
from protocol.chain.codec import codec
from protocol.chain.connection import rpc
from protocol.chain.contracts import Contracts
from protocol.chain.events import ChainEvent
from protocol.chain.facts import AccountFacts, Params
from protocol.chain.mirrored import terms_of
from protocol.job import Job
from protocol.sampling import batch_seed
from protocol.settlement import Settlement
from protocol.settlement.facts import (
    AuditClaim,
    AuditRef,
    JobTerms,
    LeaseEntry,
    Moment,
    Rules,
)
from protocol.units import Address, Bytes32, parse_address, parse_bytes32

# They change no money: keys, and what is only a message.
PASSED_OVER = frozenset({"delegate", "revokeDevice", "burnNonce"})


@dataclass(frozen=True)
class Sent:
    """A transaction that went through."""

    sender: Address
    at: Moment
    function: str
    arguments: tuple[Any, ...]
    events: Sequence[ChainEvent]

    def told(self, kind: str) -> dict[str, Any]:
        """What it told of that kind."""
        return next(event.args for event in self.events if event.kind == kind)


class Replay:
    """Does it all again. A method is named for the contracts' function."""

    def __init__(
        self, contracts: Contracts, params: Params, rules: Rules, events: Sequence[ChainEvent]
    ) -> None:
        self.contracts = contracts
        self.mirror = Settlement(terms_of(params), rules)
        self.count = 0
        self._events: dict[Bytes32, list[ChainEvent]] = defaultdict(list)
        for event in events:
            self._events[event.transaction_hash].append(event)
        batches = [e.args["batch"] for e in events if e.kind == "BatchCommitted"]
        self._batches: dict[Bytes32, Batch] = {b.lines[0].lease_id: b for b in batches}

    def run(self, web3: Web3) -> Settlement:
        """From the first block to the last."""
        for sent in self._transactions(web3):
            if sent.function not in PASSED_OVER:
                getattr(self, f"_{sent.function}")(sent, *sent.arguments)
                self.count += 1
        return self.mirror

    def _transactions(self, web3: Web3) -> Iterator[Sent]:
        deployment = self.contracts.deployment
        names = {deployment.market: "Market", deployment.arbiter: "CommitteeArbiter"}
        for number in range(deployment.deployed_block, self.contracts.block_number() + 1):
            block = rpc(web3, "eth_getBlockByNumber", hex(number), True)
            at = Moment(number, int(block["timestamp"], 16))
            for found in block["transactions"]:
                name = names.get(parse_address(found["to"])) if found["to"] else None
                if name is None or not _went_through(web3, found["hash"]):
                    continue
                call = codec(name).decode_call(bytes.fromhex(found["input"][2:]))
                assert call is not None
                events = self._events[parse_bytes32(found["hash"])]
                yield Sent(parse_address(found["from"]), at, *call, events)

    # ------------------------------------------------------------------------------ money

    def _deposit(self, sent: Sent, amount_wei: int) -> None:
        self.mirror.deposit(sent.sender, amount_wei, sent.at)

    def _depositWithPermit(self, sent: Sent, owner: Address, amount_wei: int, *_: Any) -> None:
        self.mirror.deposit(owner, amount_wei, sent.at)

    def _withdraw(self, sent: Sent, amount_wei: int, *_: Any) -> None:
        self.mirror.withdraw(sent.sender, amount_wei)

    def _stake(self, sent: Sent, amount_wei: int) -> None:
        self.mirror.stake(sent.sender, amount_wei)

    def _requestUnstake(self, sent: Sent, amount_wei: int) -> None:
        self.mirror.request_unstake(sent.sender, amount_wei, sent.at)

    def _unstake(self, sent: Sent, owner: Address) -> None:
        self.mirror.unstake(owner, sent.at)

    def _takeSeats(self, sent: Sent, count: int) -> None:
        self.mirror.take_seats(sent.sender, count, sent.at)

    def _leaveSeats(self, sent: Sent, seats: Sequence[int]) -> None:
        self.mirror.leave_seats(sent.sender, seats, sent.at)

    # ------------------------------------------------------------------------------ work

    def _openJob(self, sent: Sent, *_: Any) -> None:
        told = sent.told("JobOpened")
        job: Job = told["job"]
        self.mirror.open_job(
            told["job_id"], JobTerms.of(job), sent.at, signer=job.requester, relayer=sent.sender
        )

    def _commitBatch(self, sent: Sent, *_: Any) -> None:
        told = sent.told("BatchCommitted")
        batch: Batch = told["batch"]
        entries = [LeaseEntry.of(lease.result) for lease in batch.leases]
        self.mirror.commit_batch(told["batch_id"], sent.sender, entries, sent.at)

    def _fixSeed(self, sent: Sent, batch_id: Bytes32) -> None:
        self.mirror.fix_seed(Bytes32(batch_id), self._seed(Bytes32(batch_id)), sent.at)

    def _acceptAudits(self, sent: Sent, batch: Any, _: int, claims: Sequence[Any]) -> None:
        """They went through: each digest is the provider's own, and signed by who was drawn."""
        batch_id = self._named(batch).batch_id()
        given = [
            AuditClaim(claim[0], claim[1], claim[3], claim[2], claim[4], claim[4])
            for claim in claims
        ]
        self.mirror.accept_audits(batch_id, given, sent.at, self._seed(batch_id))

    def _payAudits(self, _: Sent, batch: Any, refs: Sequence[Any]) -> None:
        self.mirror.pay_audits(self._named(batch).batch_id(), [AuditRef(*ref) for ref in refs])

    def _settleBatch(self, sent: Sent, batch: Any) -> None:
        self.mirror.settle_batch(self._named(batch).batch_id(), sent.at)

    # ------------------------------------------------------------------------------ disputes

    def _openDispute(self, sent: Sent, batch: Any, line: int, task: int) -> None:
        batch_id = self._named(batch).batch_id()
        self.mirror.open_dispute(sent.sender, batch_id, line, task, sent.at)

    def _concede(self, sent: Sent, number: int) -> None:
        self.mirror.concede(sent.sender, number, sent.at)

    def _drawCommittee(self, sent: Sent, number: int) -> None:
        block = self.mirror.committee_seed_block(number)
        seed = self._beacon(block) if 0 < block < sent.at.block else None
        self.mirror.draw_committee(number, seed, sent.at)

    def _commitVote(self, sent: Sent, number: int, vote: bytes) -> None:
        self.mirror.commit_vote(sent.sender, number, Bytes32(vote), sent.at)

    def _revealVote(self, sent: Sent, number: int, digest: bytes, salt: bytes) -> None:
        vote = commitment(sent.sender, Bytes32(digest), Bytes32(salt))
        self.mirror.reveal_vote(sent.sender, number, Bytes32(digest), vote, sent.at)

    def _openClaim(self, sent: Sent, number: int, digest: bytes, *_: Any) -> None:
        self.mirror.open_claim(number, Bytes32(digest), sent.at)

    def _resolve(self, sent: Sent, number: int) -> None:
        self.mirror.resolve(number, sent.at)

    def _contradict(self, sent: Sent, number: int, round_: int, digest: bytes, *_: Any) -> None:
        self.mirror.contradict(sent.sender, number, round_, Bytes32(digest), sent.at)

    def _reportEquivocation(self, sent: Sent, batch: Any, found: Any) -> None:
        line, task, number = found[:3]
        holder = sent.told("SeatSlashed")["holder"]
        batch_id = self._named(batch).batch_id()
        self.mirror.report_equivocation(
            sent.sender, batch_id, line, task, number, sent.at, signer=holder
        )

    # ------------------------------------------------------------------------------ names

    def _named(self, batch: Any) -> Batch:
        """The batch of a call's arguments; a lease is in one batch only."""
        return self._batches[Bytes32(batch[-1][0][0])]

    def _beacon(self, block: int) -> Bytes32:
        return Bytes32(self.contracts.ask("BlockhashBeacon", "valueAt", block))

    def _seed(self, batch_id: Bytes32) -> Bytes32:
        return batch_seed(self._beacon(self.mirror.batch(batch_id).seed_block), batch_id)


def require_same(
    replay: Replay, web3: Web3, contracts: Contracts, owners: Iterable[Address]
) -> None:
    """Check that by the simulator's rules everybody owns what they own on chain, to the wei."""
    mirror = replay.run(web3)
    assert mirror.burnt_wei == contracts.burnt_wei()
    assert mirror.held_wei == mirror.total_wei()
    assert mirror.held_wei == contracts.token_balance(contracts.deployment.market)
    for owner in owners:
        assert AccountFacts(*astuple(mirror.account(owner))) == contracts.account(owner), owner
    assert len(mirror.seats()) == contracts.seat_count()
    for number, seat in enumerate(contracts.seats()):
        assert mirror.seats()[number] == seat
        assert mirror.seat_stake(number).stake_wei == contracts.seat_stake(number)
    for (batch_id, *place), done in mirror.accepted_audits.items():
        kept = contracts.accepted_audit(batch_id, facts.AuditRef(*place))
        assert kept == facts.AcceptedAudit(
            done.seat_id, done.accepted_block, done.fee_wei, done.is_refuted
        )


def _went_through(web3: Web3, name: str) -> bool:
    return bool(int(rpc(web3, "eth_getTransactionReceipt", name)["status"], 16))
