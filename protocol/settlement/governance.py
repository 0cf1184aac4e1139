"""Changing the terms of disputes, within bounds and after a notice. Mirrors Terms.sol."""

from __future__ import annotations

from dataclasses import replace

from protocol.dispute import DisputeTerms, Proposal
from protocol.settlement.facts import Moment, Rules, Terms
from protocol.settlement.phases import Phases
from protocol.settlement.refusals import Refusal, Refused, require

ENACT_SECONDS = 7 * 24 * 3600
BOND_FACTOR = 4
SLASH_MULTIPLES = range(60, 121)
LEAST_CONCEDE_MULTIPLE = 50
COMMITTEE_SIZES = range(3, 32, 2)


class Governance(Phases):
    """What the governor may do. That it is the governor is presupposed."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self.proposal: Proposal | None = None
        self._deployed_bond_wei = terms.dispute_bond_wei

    @property
    def notice_seconds(self) -> int:
        """An unstaking delay and the longest dispute."""
        terms = self.terms
        return (
            terms.unstake_delay_seconds
            + terms.dispute_window_seconds
            + terms.concede_seconds
            + terms.commit_seconds
            + terms.reveal_seconds
            + terms.open_seconds
        )

    def propose(self, wanted: DisputeTerms, at: Moment) -> None:
        """Announce other terms, instead of any that were announced before."""
        require(self._is_within_bounds(wanted), Refusal.INVALID_PARAMS)
        ends_at = at.seconds + self.notice_seconds
        self.proposal = Proposal(wanted, ends_at, ends_at + ENACT_SECONDS)

    def withdraw_proposal(self) -> None:
        """Think better of it."""
        require(self.proposal is not None, Refusal.NO_PROPOSAL)
        self.proposal = None

    def enact(self, at: Moment) -> None:
        """From now on disputes are opened under what was proposed."""
        proposal = self.proposal
        if proposal is None:
            raise Refused(Refusal.NO_PROPOSAL)
        require(at.seconds > proposal.notice_ends_at, Refusal.NOTICE_RUNNING)
        require(at.seconds <= proposal.lapses_at, Refusal.PROPOSAL_LAPSED)
        wanted, rules = proposal.wanted, self.rules
        self.proposal = None
        self.terms = replace(
            self.terms,
            dispute_bond_wei=wanted.dispute_bond_wei,
            committee_size=wanted.committee_size,
        )
        self.rules = replace(
            rules,
            slash=replace(rules.slash, prices=wanted.slash_multiple),
            concession=replace(rules.concession, prices=wanted.concede_multiple),
        )

    def _is_within_bounds(self, wanted: DisputeTerms) -> bool:
        bond_wei, deployed_wei = wanted.dispute_bond_wei, self._deployed_bond_wei
        return (
            bond_wei * BOND_FACTOR >= deployed_wei
            and bond_wei <= deployed_wei * BOND_FACTOR
            and wanted.slash_multiple in SLASH_MULTIPLES
            and LEAST_CONCEDE_MULTIPLE <= wanted.concede_multiple <= wanted.slash_multiple
            and wanted.committee_size in COMMITTEE_SIZES
        )
