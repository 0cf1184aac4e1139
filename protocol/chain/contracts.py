"""One deployment of Fallow as Python sees it: views that ask the chain, and the calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from protocol.bisection import Game, GameTimes
from protocol.chain.calls import Call, Calls
from protocol.chain.codec import codec
from protocol.chain.connection import quantity, rpc, rpc_batch
from protocol.chain.facts import (
    AcceptedAudit,
    AccountFacts,
    AuditClaim,
    AuditRef,
    BatchFacts,
    CommitteeFacts,
    Deployment,
    DisputeFacts,
    JobState,
    Params,
)
from protocol.dispute import DisputeStatus, DisputeTerms, Proposal, Verdict
from protocol.errors import ChainRejected
from protocol.job import Job
from protocol.lifecycle import JobStatus
from protocol.sampling import Seat
from protocol.units import Address, Bytes32, parse_address, to_hex

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["Call", "Contracts"]

# In the order of types/JobState.sol's `JobStatus`.
_STATUSES = (
    None,
    JobStatus.OPEN,
    JobStatus.RUNNING,
    JobStatus.SETTLED,
    JobStatus.CANCELLED,
    JobStatus.EXPIRED,
)


class Contracts(Calls):
    """Views of a deployment and, inherited, the builders of its calls.

    Every view asks the endpoint, once unless it says otherwise, and raises `ChainUnavailable` when
    it does not answer, `ChainRejected` when the contract refuses or is not there.
    """

    def __init__(self, web3: Web3, deployment: Deployment) -> None:
        super().__init__(deployment)
        self.web3 = web3

    # The chain.

    def block_number(self) -> int:
        """The number of the latest block."""
        return quantity(rpc(self.web3, "eth_blockNumber"))

    def block_timestamp(self) -> int:
        """The latest block's time."""
        return quantity(rpc(self.web3, "eth_getBlockByNumber", "latest", False)["timestamp"])

    def gas_balance(self, owner: Address) -> int:
        """The chain's own coin of `owner`, in its wei."""
        return quantity(rpc(self.web3, "eth_getBalance", owner, "latest"))

    def check(self, call: Call, sender: Address) -> None:
        """Simulate `call` on the latest block.

        Raises:
            ChainRejected: the contract would refuse it.
        """
        request = {"from": sender, "to": call.to, "data": to_hex(call.data)}
        rpc(self.web3, "eth_call", request | {"value": hex(call.value_wei)}, "latest")

    # The market.

    def params(self) -> Params:
        """The market's terms as they stand: a governor may have changed some."""
        return Params(*self.ask("Terms", "params"))

    def terms(self) -> Address:
        """Where they stand, and are governed."""
        return Address(self._view("Market", "terms")[0])

    def guardian(self) -> Address:
        """Who may pause intake; the zero address if nobody."""
        return Address(self.ask("Terms", "guardian"))

    def governor(self) -> Address:
        """Who may propose other terms for disputes; the zero address if nobody."""
        return Address(self.ask("Terms", "governor"))

    def notice_seconds(self) -> int:
        """How long a proposal waits at least."""
        return int(self.ask("Terms", "noticeSeconds"))

    def proposal(self) -> Proposal | None:
        """What is proposed, lapsed or not; None if nothing is."""
        wanted, notice_ends_at, lapses_at = self._view("Terms", "proposal")
        if not notice_ends_at:
            return None
        return Proposal(DisputeTerms(*wanted), int(notice_ends_at), int(lapses_at))

    def account(self, owner: Address) -> AccountFacts:
        """The money of `owner` inside the market."""
        return AccountFacts(*self._view("Market", "account", owner)[0])

    def job(self, job_id: Bytes32) -> JobState:
        """A job; `exists` tells whether it was opened."""
        state, cancelled_at = self._view("Market", "job", job_id)
        return JobState(*(*state, cancelled_at))

    def batch(self, batch_id: Bytes32) -> BatchFacts:
        """A batch; `exists` tells whether it was committed and is not finished. Two requests."""
        state = self._view("Market", "batch", batch_id)[0]
        return BatchFacts(*(*state, self.seat_count_at(state[0])))

    def job_status(self, job: Job) -> JobStatus | None:
        """Where a job stands by the chain's own clock; None if it was never opened or cancelled."""
        found = int(self._view("Market", "statusOf", job.values())[0])
        return _STATUSES[found]

    def seed_of(self, batch_id: Bytes32) -> Bytes32:
        """What a batch's draws are made from: zero until a block is mined on its block.

        Later it is zero again if nobody kept it (`fix_seed`, or any audit that was accepted).
        """
        return Bytes32(self._view("Market", "seedOf", batch_id)[0])

    def seat_count(self) -> int:
        """How many seats there are, held or not."""
        return int(self._view("Market", "seatCount")[0])

    def seat_count_at(self, block: int) -> int:
        """How many seats there were before a block: what was committed in it draws among these."""
        return int(self._view("Market", "seatCountAt", block)[0])

    def seats(self) -> tuple[Seat, ...]:
        """Every seat, held or not, by its id; two requests in all."""
        count = self.seat_count()
        answers = rpc_batch(
            self.web3, [("eth_call", self._request("Market", "seat", i)) for i in range(count)]
        )
        decoder = codec("Market")
        return tuple(Seat(*decoder.decode_answer("seat", _bytes(a))[0]) for a in answers)

    def seat_stake(self, seat_id: int) -> int:
        """What still stands behind a seat, in wei."""
        return int(self._view("Market", "seatStake", seat_id)[0])

    def burnt_wei(self) -> int:
        """Wei that penalties burnt: Market holds them, out of everybody's reach."""
        return int(self._view("Market", "burntWei")[0])

    def device_of(self, device: Address) -> tuple[Address, int]:
        """The device's wallet (zero for none) and until when it may sign for it."""
        wallet, not_after = self._view("Market", "deviceOf", device)
        return Address(wallet), int(not_after)

    def is_task_committed(self, job_id: Bytes32, task: int) -> bool:
        """Whether a result of the task stands on chain now."""
        return bool(self._view("Market", "isTaskCommitted", job_id, task)[0])

    def dispute(self, dispute_id: int) -> DisputeFacts:
        """A dispute, or ChainRejected: UnknownDispute(id)."""
        facts = DisputeFacts(*self._view("Market", "dispute", dispute_id)[0])
        status, verdict = DisputeStatus(facts.status), Verdict(facts.verdict)
        return replace(facts, status=status, verdict=verdict)

    def is_nonce_used(self, signer: Address, nonce: int) -> bool:
        """Whether that nonce was used or voided, or its epoch has ended. Jobs use none."""
        return bool(self._view("Market", "isNonceUsed", signer, nonce)[0])

    def accepted_audit(self, batch_id: Bytes32, audit: AuditRef) -> AcceptedAudit | None:
        """What the chain keeps of an accepted audit; None if there is none."""
        found = self._view("Market", "acceptedAudit", batch_id, *audit.values())[0]
        facts = AcceptedAudit(*found)
        return facts if facts.accepted_block else None

    def accepted_claims(self, transaction_hash: Bytes32) -> tuple[AuditClaim, ...] | None:
        """The claims of a transaction that has audits accepted, or relays somebody's request to.

        Empty: it does neither, but calls a contract that may. None: this endpoint does not know it.
        """
        found = rpc(self.web3, "eth_getTransactionByHash", to_hex(transaction_hash))
        if found is None:
            return None
        if found["to"] is None or parse_address(found["to"]) != self.deployment.market:
            return ()
        call = codec("Market").decode_call(_bytes(found["input"]))
        if call is not None and call[0] == "relay":
            call = codec("Market").decode_call(call[1][0][1])
        if call is None or call[0] != "acceptAudits":
            return ()
        return tuple(AuditClaim(*claim) for claim in call[1][2])

    def seat_release(self, seat_id: int) -> tuple[int, int, int]:
        """A seat's stake in wei, from when it can be released (0: held), and its open duties."""
        stake_wei, releasable_at, duties = self._view("Market", "seatStake", seat_id)
        return int(stake_wei), int(releasable_at), int(duties)

    def committee(self, dispute_id: int) -> CommitteeFacts:
        """A dispute's committee."""
        return CommitteeFacts(*self._view("CommitteeArbiter", "committee", dispute_id)[0])

    @cached_property
    def game_times(self) -> GameTimes | None:
        """How long the parts of a game take; None: this market's arbiter knows no games.

        Neither ever changes, so the endpoint is asked once.
        """
        try:
            return GameTimes(*self._view("BisectionArbiter", "times")[0])
        except ChainRejected:
            return None

    def game(self, dispute_id: int) -> Game:
        """A dispute's game, where the arbiter knows games."""
        return Game.from_values(self._view("BisectionArbiter", "game", dispute_id)[0])

    def stretch_committee(self, dispute_id: int) -> CommitteeFacts:
        """The committee that re-ran, or re-runs, one stretch of a disputed execution."""
        return CommitteeFacts(*self._view("BisectionArbiter", "stretchCommittee", dispute_id)[0])

    # Credits.

    def token_balance(self, owner: Address) -> int:
        """Tokens in the wallet of `owner`, in wei."""
        return int(self._view("CreditToken", "balanceOf", owner)[0])

    def token_supply(self) -> int:
        """All tokens there are, in wei."""
        return int(self._view("CreditToken", "totalSupply")[0])

    def token_permit_nonce(self, owner: Address) -> int:
        """The nonce of the next permit of `owner`."""
        return int(self._view("CreditToken", "nonces", owner)[0])

    def ask(self, contract: str, function: str, *arguments: Any) -> Any:
        """Any other view of one of our contracts, by its Solidity name: its first return value."""
        return self._view(contract, function, *arguments)[0]

    def _view(self, contract: str, function: str, *arguments: Any) -> tuple[Any, ...]:
        answer = rpc(self.web3, "eth_call", *self._request(contract, function, *arguments))
        return codec(contract).decode_answer(function, _bytes(answer))

    def _request(self, contract: str, function: str, *arguments: Any) -> Sequence[Any]:
        data = codec(contract).encode_call(function, *arguments)
        return ({"to": self._address(contract), "data": to_hex(data)}, "latest")

    def _address(self, contract: str) -> Address:
        if contract == "Terms":  # the market tells; each of its views takes two requests
            return self.terms()
        addresses = {
            "Market": self.deployment.market,
            "CommitteeArbiter": self.deployment.arbiter,
            "BisectionArbiter": self.deployment.arbiter,
            "CreditToken": self.deployment.token,
            "BlockhashBeacon": self.deployment.beacon,
        }
        return addresses[contract]


def _bytes(answer: Any) -> bytes:
    return bytes.fromhex(str(answer).removeprefix("0x"))
