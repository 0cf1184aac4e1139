"""Opening the provider's claim, once no committee member can copy it any more."""

from __future__ import annotations

from typing import Any

from market.audits.service import opening, opening_view, output_of
from market.ports import Clock
from market.principal import Principal
from market.store.records import DisputeCommitment
from market.store.unit import Store, Unit
from protocol.audit import ToleranceCommitment
from protocol.chain.contracts import Contracts
from protocol.chain.facts import CommitteeFacts
from protocol.client.wire import OpeningView
from protocol.errors import Conflict, Forbidden, NotFound
from protocol.units import Address, Bytes32


class DisputeService:
    """What the parties of a dispute call."""

    def __init__(self, store: Store, contracts: Contracts, clock: Clock) -> None:
        self._store = store
        self._contracts = contracts
        self._clock = clock

    def commit(
        self, who: Principal, dispute_id: int, message: dict[str, Any], signature: bytes
    ) -> OpeningView:
        """Keep what a member is bound to, then open the claim, whose output it may fetch.

        Only where a comparator decides: everywhere else a vote needs nothing of the provider's.

        Raises:
            BadSignature: not the member's.
            Forbidden: not a member of the committee.
            NotFound: the dispute is about another task, or no job of this market's.
            Conflict: the job is exact, the vote is over, or another commitment was made before.
        """
        made = ToleranceCommitment.from_json(message)
        made.require_signer(self._contracts.domain, signature, who.account)
        dispute = self._contracts.dispute(dispute_id)
        if (dispute.batch_id, dispute.lease_id, dispute.task) != _place(made):
            raise NotFound("that dispute is about another task")
        member = self._member(who, dispute_id)
        if not dispute.is_open:
            raise Conflict("that dispute is over")
        bound = DisputeCommitment(
            dispute_id=dispute_id,
            member=member,
            lease_id=made.lease_id,
            task=made.task,
            commitment=made.commitment,
            signature=signature,
            committed_at=int(self._clock()),
        )
        with self._store.write() as unit:
            _require_tolerant(unit, dispute.job_id)
            known = unit.disputes.commitment(bound)
            if known is None:
                unit.disputes.bind(bound)
            elif known != made.commitment:
                raise Conflict("another commitment was made for this dispute before")
        # Only after the commit above, as for an audit.
        with self._store.read() as unit:
            output = output_of(unit, made.lease_id, made.task)
            return opening_view(opening(unit, made.lease_id, made.task), output)

    def _member(self, who: Principal, dispute_id: int) -> Address:
        committee = self._contracts.committee(dispute_id)
        name = next((name for name in (who.account, who.wallet) if name in committee.members), None)
        if name is None:
            raise Forbidden("this account is not a member of that dispute's committee")
        if is_vote_over(committee, self._contracts.block_timestamp()):
            raise Conflict("the committee's vote is over")
        return name

    def opening(self, who: Principal, dispute_id: int) -> OpeningView:
        """The disputed task's opening.

        Raises:
            Forbidden: not a party of the dispute.
            Conflict: the committee still votes.
        """
        dispute = self._contracts.dispute(dispute_id)
        committee = self._contracts.committee(dispute_id)
        sides = {dispute.provider, dispute.challenger, dispute.requester}
        parties = sides | set(committee.members)
        if not parties & who.names:
            raise Forbidden("only the parties of a dispute see its opening")
        if not is_vote_over(committee, self._contracts.block_timestamp()):
            raise Conflict("the committee still votes; ask again when it has revealed")
        with self._store.read() as unit:
            return opening_view(opening(unit, dispute.lease_id, dispute.task))


def _place(made: ToleranceCommitment) -> tuple[Bytes32, Bytes32, int]:
    return made.batch_id, made.lease_id, made.task


def _require_tolerant(unit: Unit, job_id: Bytes32) -> None:
    job = unit.jobs.get(job_id)
    if job is None:
        raise NotFound("this market keeps no such job")
    if job.parsed_spec.comparator is None:
        raise Conflict("the job is exact: a vote there needs nothing of the provider's")


def is_vote_over(committee: CommitteeFacts, now: int) -> bool:
    """Whether nobody can reveal any more: as the contract's `_isRevealOver`."""
    if not committee.is_drawn:
        return False
    is_commit_over = committee.committed == len(committee.members) or now > committee.commit_by
    is_complete = is_commit_over and committee.revealed == committee.committed
    return is_complete or now > committee.reveal_by
