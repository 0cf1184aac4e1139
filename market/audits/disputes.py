"""Opening the provider's claim, once no committee member can copy it any more."""

from __future__ import annotations

from market.audits.service import opening, opening_view
from market.principal import Principal
from market.store.unit import Store
from protocol.chain.contracts import Contracts
from protocol.chain.facts import CommitteeFacts
from protocol.client.wire import OpeningView
from protocol.errors import Conflict, Forbidden


class DisputeService:
    """What the parties of a dispute call."""

    def __init__(self, store: Store, contracts: Contracts) -> None:
        self._store = store
        self._contracts = contracts

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


def is_vote_over(committee: CommitteeFacts, now: int) -> bool:
    """Whether nobody can reveal any more: as the contract's `_isRevealOver`."""
    if not committee.is_drawn:
        return False
    is_commit_over = committee.committed == len(committee.members) or now > committee.commit_by
    is_complete = is_commit_over and committee.revealed == committee.committed
    return is_complete or now > committee.reveal_by
