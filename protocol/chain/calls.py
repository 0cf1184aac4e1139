"""Every transaction that Fallow sends, as data; who sends it, and when, is the sender's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.batch import Batch, arrange
from protocol.chain.codec import codec
from protocol.chain.facts import AuditClaim, AuditRef, Deployment, Equivocation
from protocol.delegation import Delegation
from protocol.dispute import DisputeTerms
from protocol.errors import InvalidInput
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.request import Request
from protocol.result import Opening
from protocol.typed_data import SIGNATURE_BYTES, Domain, compact_signature
from protocol.units import Address, Bytes32, parse_address, to_hex

TOKEN_NAME = "Fallow Credit"  # noqa: S105 - the EIP-712 name of the token, no secret
TOKEN_VERSION = "1"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction without its sender, nonce and fees.

    Raises:
        InvalidInput: `to` is no address.
    """

    to: Address
    data: bytes
    value_wei: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", parse_address(self.to))


class Calls:
    """Builders of the calls to one deployment. Signatures are 65 bytes r || s || v."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    @property
    def domain(self) -> Domain:
        """Where signatures for this market count."""
        return self.deployment.domain

    # Money in and out.

    def deposit(self, amount_wei: int) -> Call:
        """The sender's tokens become its free balance (after `token_approve`)."""
        return self._market("deposit", amount_wei)

    def deposit_with_permit(
        self, owner: Address, amount_wei: int, deadline: int, signature: bytes
    ) -> Call:
        """The same for `owner`, who signed a permit (`sign_permit`); anyone may send it."""
        if len(signature) != SIGNATURE_BYTES:
            raise InvalidInput("a permit's signature has 65 bytes")
        r, s, v = signature[:32], signature[32:64], signature[64]
        return self._market("depositWithPermit", owner, amount_wei, deadline, v, r, s)

    def withdraw(self, amount_wei: int, to: Address) -> Call:
        """Free balance becomes tokens of `to`."""
        return self._market("withdraw", amount_wei, to)

    def stake(self, amount_wei: int) -> Call:
        """Free balance becomes stake."""
        return self._market("stake", amount_wei)

    def request_unstake(self, amount_wei: int) -> Call:
        """Start the delay after which stake becomes free again."""
        return self._market("requestUnstake", amount_wei)

    def unstake(self, owner: Address) -> Call:
        """Anyone, after the delay: what `owner` requested becomes its free balance."""
        return self._market("unstake", owner)

    def take_seats(self, count: int) -> Call:
        """Become a verifier: lock `count` seats' stake of the free balance."""
        return self._market("takeSeats", count)

    def leave_seats(self, seat_ids: Sequence[int]) -> Call:
        """No longer be drawn for these seats."""
        return self._market("leaveSeats", list(seat_ids))

    def release_seats(self, seat_ids: Sequence[int]) -> Call:
        """After the delay: the left seats' stake becomes free balance."""
        return self._market("releaseSeats", list(seat_ids))

    # Keys.

    def delegate(self, delegation: Delegation, signature: bytes) -> Call:
        """Register a device; signed by its wallet, sent by anyone."""
        return self._market("delegate", delegation.values(), signature)

    def revoke_device(self, device: Address) -> Call:
        """By the wallet: the device no longer signs for it."""
        return self._market("revokeDevice", device)

    def burn_nonce(self, nonce: int) -> Call:
        """Void whatever the sender signed under `nonce`, a job excepted."""
        return self._market("burnNonce", nonce)

    def cancel_all(self) -> Call:
        """Void all that the sender has signed and nobody has sent yet: its next epoch begins."""
        return self._market("cancelAll")

    def relay(self, request: Request, fee_wei: int, signature: bytes) -> Call:
        """Make the call that `request.from_` signed; the sender earns `fee_wei` of its balance."""
        return self._market("relay", request.values(), fee_wei, signature)

    # Jobs.

    def open_job(self, job: Job, signature: bytes) -> Call:
        """Lock a job's escrow; signed by its requester, unless that sends it itself."""
        return self._market("openJob", job.values(), signature)

    def cancel_job(self, job: Job, signature: bytes) -> Call:
        """No further task is leased; the requester signed a `Cancellation`, or sends it itself."""
        return self._market("cancelJob", job.values(), signature)

    def close_job(self, job: Job) -> Call:
        """Anyone: the left-over escrow returns to the requester's free balance."""
        return self._market("closeJob", job.values())

    # Work.

    def commit_batch(
        self,
        jobs: Mapping[Bytes32, Job],
        results: Sequence[LeaseResult],
        signatures: Sequence[bytes],
    ) -> Call:
        """By the jobs' operator: commit up to 64 lease results, each signed by the provider's key.

        Raises:
            InvalidInput: no 65-byte ECDSA signature for each result, a job is missing, or see
                `protocol.batch.arrange`.
        """
        if len(results) != len(signatures):
            raise InvalidInput(f"{len(signatures)} signatures for {len(results)} lease results")
        order = arrange(results)
        missing = [to_hex(job_id) for job_id in order.job_ids if job_id not in jobs]
        if missing:
            raise InvalidInput(f"the batch has leases of {', '.join(missing)}: give those jobs too")
        return self._market(
            "commitBatch",
            [jobs[job_id].values() for job_id in order.job_ids],
            list(order.providers),
            [(line.lease_id, line.result_root, line.terms) for line in order.lines],
            [compact_signature(signature) for signature in signatures],
        )

    def fix_seed(self, batch_id: Bytes32) -> Call:
        """Anyone, after the seed block: keep the batch's seed before the chain forgets it."""
        return self._market("fixSeed", batch_id)

    def settle_batch(self, batch: Batch) -> Call:
        """Anyone, after the dispute window: pay every lease of the batch that is not in dispute."""
        return self._market("settleBatch", batch.values())

    def accept_audits(self, batch: Batch, seat_count: int, claims: Sequence[AuditClaim]) -> Call:
        """Anyone, before the batch is settled: set fees aside for audits that agree.

        `seat_count` is `BatchFacts.seat_count`.
        """
        values = [claim.values() for claim in claims]
        return self._market("acceptAudits", batch.values(), seat_count, values)

    def pay_audits(self, batch: Batch, audits: Sequence[AuditRef]) -> Call:
        """Anyone, once their leases are finished: pay the fees of accepted audits."""
        return self._market("payAudits", batch.values(), [audit.values() for audit in audits])

    # Disputes.

    def open_dispute(self, batch: Batch, line: int, task: int) -> Call:
        """By a challenger, who pays the bond: the lease at `line` has a wrong `task`."""
        return self._market("openDispute", batch.values(), line, task)

    def concede(self, dispute_id: int) -> Call:
        """By the provider or its device: admit the fault, for less than losing costs."""
        return self._market("concede", dispute_id)

    def contradict(
        self,
        dispute_id: int,
        round: int,  # noqa: A002 - the protocol's word
        opening: Opening,
    ) -> Call:
        """Anyone: take the seat of whose accepted audit found what lost the dispute.

        `opening` is the provider's of the disputed task; the sender gets 15 % of the seat's stake.
        """
        return self._market(
            "contradict", dispute_id, round, opening.digest, opening.salt, list(opening.proof)
        )

    def report_equivocation(self, batch: Batch, found: Equivocation) -> Call:
        """Anyone: take the seat of whose accepted audit is not what it had committed to.

        The sender gets 15 % of the seat's stake.
        """
        return self._market("reportEquivocation", batch.values(), found.values())

    def draw_committee(self, dispute_id: int) -> Call:
        """Anyone, twice: when the concede window is over, and after the block that this names."""
        return self._arbiter("drawCommittee", dispute_id)

    def commit_vote(self, dispute_id: int, commitment: Bytes32) -> Call:
        """By a member: `protocol.audit.commitment(voter, digest, salt)`."""
        return self._arbiter("commitVote", dispute_id, commitment)

    def reveal_vote(self, dispute_id: int, digest: Bytes32, salt: Bytes32) -> Call:
        """By a member: what it had committed to."""
        return self._arbiter("revealVote", dispute_id, digest, salt)

    def open_claim(self, dispute_id: int, opening: Opening) -> Call:
        """Anyone: show the digest that the provider committed to."""
        return self._arbiter(
            "openClaim", dispute_id, opening.digest, opening.salt, list(opening.proof)
        )

    def resolve(self, dispute_id: int) -> Call:
        """Anyone, when the phases are over: judge and pay."""
        return self._arbiter("resolve", dispute_id)

    # Games: only where the arbiter knows them (`Contracts.game_times`).

    def offer_game(self, dispute_id: int, stretches: int, opening: Opening) -> Call:
        """By the provider, while it may concede: open its claim, and offer a game."""
        proof = list(opening.proof)
        return self._game("offerGame", dispute_id, stretches, opening.digest, opening.salt, proof)

    def accept_game(self, dispute_id: int) -> Call:
        """By the challenger: take it up."""
        return self._game("acceptGame", dispute_id)

    def tell_state(self, dispute_id: int, index: int, state: Bytes32) -> Call:
        """By the provider: the state in the middle."""
        return self._game("tellState", dispute_id, index, state)

    def answer_state(self, dispute_id: int, index: int, is_same: bool) -> Call:
        """By the challenger: whether it found the same."""
        return self._game("answerState", dispute_id, index, is_same)

    def appeal(self, dispute_id: int, seat_id: int) -> Call:
        """By a seat's holder: stake it on the claim's being wrong, though the game was won."""
        return self._game("appeal", dispute_id, seat_id)

    # Pausing.

    def pause_intake(self, seconds: int) -> Call:
        """By the guardian: keep new money out for a while; all that is inside can still leave."""
        return self._market("pauseIntake", seconds)

    # Governing. `terms` is where the market's terms stand: `Contracts.terms`.

    def propose(self, terms: Address, wanted: DisputeTerms) -> Call:
        """By the governor: announce other terms for disputes; the notice begins (anew)."""
        return Call(terms, codec("Terms").encode_call("propose", wanted.values()))

    def withdraw_proposal(self, terms: Address) -> Call:
        """By the governor: it stays as it is."""
        return Call(terms, codec("Terms").encode_call("withdrawProposal"))

    def enact(self, terms: Address) -> Call:
        """Anyone, after the notice: what is proposed counts for disputes opened from now on."""
        return Call(terms, codec("Terms").encode_call("enact"))

    # Credits.

    def token_approve(self, amount_wei: int) -> Call:
        """Let the market take the sender's tokens when it deposits."""
        return self._token("approve", self.deployment.market, amount_wei)

    def token_transfer(self, to: Address, amount_wei: int) -> Call:
        """Send tokens to `to`."""
        return self._token("transfer", to, amount_wei)

    def token_mint(self, to: Address, amount_wei: int) -> Call:
        """By the development token's minter: new tokens for `to`."""
        return self._token("mint", to, amount_wei)

    def sign_permit(self, owner: LocalAccount, amount_wei: int, deadline: int, nonce: int) -> bytes:
        """The owner's EIP-2612 permit for the market, as `deposit_with_permit` takes it."""
        message = permit_message(
            self.deployment, Address(owner.address), amount_wei, nonce, deadline
        )
        return bytes(Account.sign_typed_data(owner.key, full_message=message).signature)

    def _market(self, function: str, *arguments: Any) -> Call:
        data = codec("Market").encode_call(function, *arguments)
        return Call(self.deployment.market, data)

    def _arbiter(self, function: str, *arguments: Any) -> Call:
        data = codec("CommitteeArbiter").encode_call(function, *arguments)
        return Call(self.deployment.arbiter, data)

    def _game(self, function: str, *arguments: Any) -> Call:
        data = codec("BisectionArbiter").encode_call(function, *arguments)
        return Call(self.deployment.arbiter, data)

    def _token(self, function: str, *arguments: Any) -> Call:
        data = codec("CreditToken").encode_call(function, *arguments)
        return Call(self.deployment.token, data)


def permit_message(
    deployment: Deployment, owner: Address, amount_wei: int, nonce: int, deadline: int
) -> dict[str, Any]:
    """The EIP-712 JSON that a wallet signs to let the market take `amount_wei` tokens."""
    fields = {
        "owner": "address",
        "spender": "address",
        "value": "uint256",
        "nonce": "uint256",
        "deadline": "uint256",
    }
    domain = {
        "name": "string",
        "version": "string",
        "chainId": "uint256",
        "verifyingContract": "address",
    }
    return {
        "types": {
            "EIP712Domain": [{"name": n, "type": t} for n, t in domain.items()],
            "Permit": [{"name": n, "type": t} for n, t in fields.items()],
        },
        "primaryType": "Permit",
        "domain": {
            "name": TOKEN_NAME,
            "version": TOKEN_VERSION,
            "chainId": deployment.chain_id,
            "verifyingContract": deployment.token,
        },
        "message": {
            "owner": owner,
            "spender": deployment.market,
            "value": amount_wei,
            "nonce": nonce,
            "deadline": deadline,
        },
    }
