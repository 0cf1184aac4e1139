"""The contracts and their pure mirror agree about everything, whatever is done to both.

`DIFFERENTIAL_SEEDS=1-500 DIFFERENTIAL_STEPS=300` plays more and longer histories than the default.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pytest

from protocol.chain.mirrored import rules_of
from protocol.dispute import Verdict
from protocol.pricing import CONCESSION
from protocol.settlement import Settlement
from protocol.settlement.audits import AuditKey
from protocol.settlement.facts import (
    AcceptedAudit,
    Batch,
    Dispute,
    LeaseEntry,
    Moment,
    Rules,
)
from protocol.units import Address, Bytes32
from tests.chain import situations
from tests.chain.compare import Difference
from tests.chain.histories import History
from tests.chain.twins import PARAMS, Twins

FIRST, LAST = (int(number) for number in os.environ.get("DIFFERENTIAL_SEEDS", "1-6").split("-"))
SEEDS = range(FIRST, LAST + 1)
STEPS = int(os.environ.get("DIFFERENTIAL_STEPS", "150"))
RULES = rules_of(PARAMS)
Situation = Callable[[Twins], None]
SITUATIONS: tuple[Situation, ...] = (
    situations.slashed_while_committing,
    situations.unstaking_in_a_dispute,
    situations.held_pay,
    situations.judged,
    situations.judged_by_doubtful_votes,
    situations.judged_without_the_claim,
    situations.fined,
    situations.contested_at_large,
    situations.fees_that_wait,
    situations.forgotten_seeds,
    situations.far_ahead,
    situations.forfeited_in_parts,
    situations.conceded_too_late,
    situations.named_out_of_order,
    situations.released_before_the_draw,
    situations.reported_on_duty,
    situations.all_cancelled,
    situations.governed,
)


class _NoStrikes(Settlement):
    """Strikes are not counted: each concession is a first one."""

    def _finish(self, contested: Dispute) -> None:
        super()._finish(contested)
        self._change(contested.entry.provider, strikes=0)


class _NarrowForfeit(Settlement):
    """What is committed in the slash's own block is spared."""

    def _is_forfeited(self, state: Batch, entry: LeaseEntry) -> bool:
        return state.commit_block < self.account(entry.provider).forfeit_block


class _ShortHold(Settlement):
    """Disputes hold pay back for a second less."""

    def _is_held(self, state: Batch, entry: LeaseEntry, at: Moment) -> bool:
        return super()._is_held(state, entry, Moment(at.block, at.seconds + 1))


class _FreeStake(Settlement):
    """A dispute keeps no stake back."""

    def unstake(self, owner: Address, at: Moment) -> None:
        disputes = self.account(owner).open_disputes
        self._change(owner, open_disputes=0)
        try:
            super().unstake(owner, at)
        finally:
            self._change(owner, open_disputes=disputes)


class _AnyOrder(Settlement):
    """Leases come in any order."""

    def commit_batch(
        self,
        batch_id: Bytes32,
        operator: Address,
        entries: Sequence[LeaseEntry],
        at: Moment,
        signers: Sequence[Address] | None = None,
    ) -> None:
        ordered = sorted(entries, key=lambda entry: entry.lease_id)
        super().commit_batch(batch_id, operator, ordered, at, signers)


class _EmptySeatsDrawn(Settlement):
    """A committee may sit on seats without stake."""

    def _empty_seats(self) -> set[int]:
        return set()


class _PaidOnDuty(Settlement):
    """A reported seat pays its reporter also while it is on a committee."""

    def _punish(self, reporter: Address, key: AuditKey, at: Moment) -> int:
        seat_id = self._audits[key].seat_id
        self._stakes[seat_id] = replace(self._stakes[seat_id], duties=0)
        return super()._punish(reporter, key, at)


class _AnyFee(Settlement):
    """Fees go to the verifiers, whatever became of the lease, the audit and the seat."""

    def _is_earned(self, entry: LeaseEntry, done: AcceptedAudit) -> bool:
        return True


class _StruckInDoubt(Settlement):
    """Who is out of tolerance is struck like who lost."""

    def _pay_part(self, contested: Dispute, majority: tuple[Address, ...]) -> int:
        if majority:
            self._strike(contested.entry.provider)
        return super()._pay_part(contested, majority)


class _FinedForMembers(Settlement):
    """Of an operator's fine a part is the committee's."""

    def _fine_operator(self, contested: Dispute) -> None:
        members = tuple(self.seats()[seat_id].holder for seat_id in contested.seat_ids or ())
        rule = replace(self.rules.slash, prices=contested.terms.concede_multiple)
        self._penalise(contested, rule, members, self.batch(contested.batch_id).operator)


class _Retroactive(Settlement):
    """What is enacted counts for disputes that are open, too."""

    def enact(self, at: Moment) -> None:
        super().enact(at)
        self._disputes = [replace(known, terms=self.dispute_terms) for known in self._disputes]


class _ShortNotice(Settlement):
    """A proposal waits for a second less."""

    def enact(self, at: Moment) -> None:
        super().enact(Moment(at.block, at.seconds + 1))


@cache
def _played(seed: int) -> Twins:
    """Play a history to its end."""
    twins = Twins(forgets=seed % 2 == 1)
    history = History(seed, twins)
    for _ in range(STEPS):
        history.step()
    history.finish()
    assert twins.mirror.held_wei == twins.mirror.burnt_wei
    return twins


@cache
def _visited(situation: Situation) -> Twins:
    twins = Twins(forgets=True)
    situation(twins)
    return twins


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_history_is_the_same_on_both_sides(seed: int) -> None:
    """Also that it ends with every wei paid out or burnt."""
    assert _played(seed).tally.total() > STEPS


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_rare_situation_is_the_same_on_both_sides(situation: Situation) -> None:
    assert _visited(situation).tally.total() > 0


def test_every_step_is_taken_and_most_are_refused_for_many_reasons() -> None:
    tally: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        tally += _played(seed).tally
    for situation in SITUATIONS:
        tally += _visited(situation).tally
    kinds = {kind for kind, _ in tally}
    assert {kind for kind, outcome in tally if outcome == "done"} == kinds
    assert len(kinds) == 30
    outcomes = {outcome for _, outcome in tally}
    assert len(outcomes) > 50
    assert {"AuditAlreadyAccepted", "AuditNotAccepted", "NoFeeLeft", "LeaseNotFinished"} <= outcomes


def test_every_verdict_is_come_to_and_fees_are_paid_both_ways() -> None:
    ends: Counter[str] = Counter()
    for seed in SEEDS:
        ends += _played(seed).ends
    assert {"NONE", "fees earned", "fees returned"} <= set(ends)
    assert len(ends) > 4  # which of the others is luck, of so few histories
    for situation in SITUATIONS:
        ends += _visited(situation).ends
    assert set(ends) == {verdict.name for verdict in Verdict} | {"fees earned", "fees returned"}


@pytest.mark.parametrize(
    "rules",
    [
        replace(RULES, slash=replace(RULES.slash, requester_percent=39)),
        replace(RULES, slash=replace(RULES.slash, requester_most_prices=2)),
        replace(RULES, slash=replace(RULES.slash, challenger_percent=14)),
        replace(RULES, slash=replace(RULES.slash, committee_percent=21)),
        replace(RULES, bond_prices=14),
        replace(RULES, accepts_agreeing_audits_only=False),
        replace(RULES, contradicted_verifier_loses_seat=False),
        replace(RULES, equivocating_verifier_loses_seat=False),
        replace(RULES, reporter_percent=16),
    ],
)
def test_another_rule_is_found_out(rules: Rules) -> None:
    with pytest.raises(Difference):
        situations.judged(Twins(rules=rules))


@pytest.mark.parametrize(
    ("mirror_type", "situation"),
    [
        (_NarrowForfeit, situations.slashed_while_committing),
        (_NoStrikes, situations.slashed_while_committing),
        (_FreeStake, situations.unstaking_in_a_dispute),
        (_ShortHold, situations.held_pay),
        (_AnyOrder, situations.named_out_of_order),
        (_EmptySeatsDrawn, situations.released_before_the_draw),
        (_PaidOnDuty, situations.reported_on_duty),
        (_AnyFee, situations.fees_that_wait),
        (_StruckInDoubt, situations.judged_by_doubtful_votes),
        (_FinedForMembers, situations.fined),
        (_Retroactive, situations.governed),
        (_ShortNotice, situations.governed),
    ],
)
def test_another_edge_is_found_out(mirror_type: type[Settlement], situation: Situation) -> None:
    with pytest.raises(Difference):
        situation(Twins(mirror_type))


@pytest.mark.parametrize(
    ("mirror_type", "rules"),
    [
        (_NoStrikes, RULES),
        (Settlement, replace(RULES, bond_prices=14)),
        (Settlement, replace(RULES, concession=replace(CONCESSION, challenger_percent=11))),
    ],
)
def test_random_histories_find_it_too(mirror_type: type[Settlement], rules: Rules) -> None:
    with pytest.raises(Difference):
        _play_some(mirror_type, rules)


def _play_some(mirror_type: type[Settlement], rules: Rules) -> None:
    for seed in range(1, 7):
        history = History(seed, Twins(mirror_type, rules))
        for _ in range(STEPS):
            history.step()


@pytest.mark.parametrize("check", ["_is_excused", "_is_attended"])
def test_another_way_to_judge_votes_is_found_out(
    check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is excused; or nobody is kept for others' absence."""
    answer = check == "_is_attended"
    monkeypatch.setattr(f"protocol.settlement.committee.{check}", lambda *_: answer)
    with pytest.raises(Difference):
        situations.judged_by_doubtful_votes(Twins())


@pytest.mark.parametrize(
    ("rules", "situation"),
    [
        (replace(RULES, fines_operator=False), situations.fined),
        (replace(RULES, bond_lease_part=4), situations.contested_at_large),
        (replace(RULES, bond_lease_part=2), situations.contested_at_large),
    ],
)
def test_another_rule_of_fines_and_bonds_is_found_out(rules: Rules, situation: Situation) -> None:
    with pytest.raises(Difference):
        situation(Twins(rules=rules))


def test_fees_that_are_paid_at_once_are_found_out() -> None:
    with pytest.raises(Difference):
        situations.fees_that_wait(Twins(rules=replace(RULES, pays_audits_late=False)))


@pytest.mark.parametrize(
    "rules", [replace(RULES, concedes_late=True), replace(RULES, lost_bond_provider_percent=1)]
)
def test_another_rule_of_late_disputes_is_found_out(rules: Rules) -> None:
    with pytest.raises(Difference):
        situations.conceded_too_late(Twins(rules=rules))
