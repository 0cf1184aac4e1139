"""The quick profile holds, and every claim can fail: each rule that is turned off shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.errors import InvalidInput
from verifier.simulation.claims import Status, detection, false_slashes, no_gain, overhead, refusals
from verifier.simulation.population import take_census
from verifier.simulation.simulation import PROFILES, Report, simulate, try_refused
from verifier.simulation.strategies.catalogue import STRATEGIES, choose
from verifier.simulation.strategies.providers import ONE_IN_TWENTY
from verifier.simulation.strategies.refused import ATTACKS
from verifier.simulation.switches import NAMES, setting_of
from verifier.simulation.trials import Outcome, run_trials

TINY = replace(PROFILES["quick"], trials=3, tasks=400, providers=20)


@pytest.fixture(scope="module")
def report() -> Report:
    """The quick profile, with fewer trials than the command's."""
    profile = replace(PROFILES["quick"], trials=20)
    return simulate(setting_of(), profile, STRATEGIES, seed=1)


def _play(name: str, trials: int, *, without: str = "") -> Outcome:
    setting = setting_of([without] if without else [])
    return run_trials(choose([name])[0], setting, trials, seed=1)


def test_no_claim_fails_in_the_quick_profile(report: Report) -> None:
    assert not report.failed(is_thorough=False), report.claims
    assert {claim.name for claim in report.claims} == {
        "no-gain",
        "detection",
        "refusals",
        "overhead",
        "false-slashes",
    }


def test_what_is_cheap_to_decide_is_decided(report: Report) -> None:
    decided = {claim.name: claim.status for claim in report.claims if claim.name != "no-gain"}
    assert set(decided.values()) == {Status.PASS}


def test_only_known_limits_gain(report: Report) -> None:
    gaining = {outcome.name for outcome in report.outcomes if outcome.is_profitable}
    limits = {strategy.name for strategy in STRATEGIES if strategy.known_limit}
    assert gaining <= limits
    assert limits == {
        "shared-digests",
        "withheld-inputs-unstaked",
        "withheld-inputs-at-once",
        "guessing-newcomer",
    }


@pytest.mark.parametrize(
    ("without", "strategy", "trials"),
    [
        ("penalties", "sybil-59", 30),
        ("concession", "sybil-59", 60),
        ("seed-after-commitment", "seed-grinding", 30),
        ("agreement", "nonsense-audit", 30),
        ("re-audit", "newcomer", 60),
        ("requester-cap", "own-job-shield-20", 30),
        ("equivocation", "lazy-verifier", 20),
        ("equivocation", "choosy-verifier", 30),
        ("lost-bond", "withheld-openings", 20),
        ("late-fees", "drained-budget", 20),
        ("ringers", "guessing-provider", 30),
        ("ringers", "guessing-verifier", 30),
        ("operator-fine", "withheld-inputs", 40),
        ("bond-by-lease", "coalition-large-lease", 20),
    ],
)
def test_a_rule_that_is_left_out_makes_cheating_pay(
    without: str, strategy: str, trials: int
) -> None:
    kept = _play(strategy, trials)
    left_out = _play(strategy, trials, without=without)
    assert not kept.is_profitable
    assert left_out.is_profitable
    assert no_gain([left_out]).status is Status.FAIL
    assert strategy in no_gain([left_out]).measured


def test_accusing_honest_work_paid_before_the_simulation() -> None:
    kept = _play("coalition-flags", 40)
    rules = ["requester-cap", "bond-by-price", "challenger-share"]
    before = run_trials(choose(["coalition-flags"])[0], setting_of(rules), 40, seed=1)
    assert kept.is_unprofitable
    assert before.is_profitable


def test_free_accusations_are_what_bonds_are_for() -> None:
    kept = _play("dispute-spam", 2)
    free = _play("dispute-spam", 2, without="bond")
    assert kept.gain_mean < 0
    assert free.gain_mean == 0


def test_a_contradicted_verifier_pays_for_its_silence() -> None:
    """Also where equivocation is no rule: a committee's digest is enough."""
    kept = _play("quiet-verifier", 20, without="equivocation")
    setting = setting_of(["equivocation", "contradiction"])
    unpunished = run_trials(choose(["quiet-verifier"])[0], setting, 20, seed=1)
    assert kept.is_unprofitable
    assert unpunished.is_profitable


def test_forfeits_make_persistence_dearer() -> None:
    kept = _play("persistent", 30)
    assert kept.gain_mean < _play("persistent", 30, without="forfeits").gain_mean


def test_seeing_the_votes_before_conceding_is_worth_something() -> None:
    kept = _play("late-concession", 40)
    late = _play("late-concession", 40, without="first-dispute")
    assert kept.is_unprofitable
    assert late.gain_mean > kept.gain_mean


def test_saying_that_there_was_nothing_to_run_keeps_half_from_who_hides_it() -> None:
    """A committee that is silent leaves the lease to be paid; what nobody is drawn for is paid."""
    kept = _play("withheld-inputs-unstaked", 40)
    silent = _play("withheld-inputs-unstaked", 40, without="unavailable")
    assert silent.gain_per_cheat == pytest.approx(0.8)
    assert kept.gain_per_cheat < 0.6 * silent.gain_per_cheat
    assert kept.harm_mean < silent.harm_mean


def test_an_operator_that_hides_inputs_of_a_lease_or_two_loses_more_than_its_friend_saves() -> None:
    assert _play("withheld-inputs", 40).is_unprofitable


def test_an_operator_loses_no_more_than_its_stake_however_much_it_hides() -> None:
    """Of 1280 wrong tasks at once most are not drawn; the fine stays the same."""
    at_once = _play("withheld-inputs-at-once", 40)
    unfined = _play("withheld-inputs-at-once", 40, without="operator-fine")
    assert unfined.gain_mean - at_once.gain_mean == pytest.approx(60)
    assert at_once.gain_mean > 0


@pytest.mark.parametrize(
    "strategy",
    [
        "coalition-unavailable",
        "coalition-out-of-tolerance",
        "coalition-large-lease",
    ],
)
def test_votes_against_honest_work_cost_bonds_and_earn_less(strategy: str) -> None:
    """Also where the operator has a stake to be fined."""
    assert _play(strategy, 100).is_unprofitable


def test_a_member_that_runs_nothing_misses_its_pay_and_keeps_its_stake() -> None:
    unavailable = _play("unavailable-member", 20)
    assert -2 < unavailable.gain_per_cheat < 0
    assert _play("lazy-member", 20).gain_per_cheat < -50


def test_right_audits_of_a_lease_that_is_lost_are_not_paid() -> None:
    """One wrong task in twenty: of the other nineteen some were audited."""
    assert _play(ONE_IN_TWENTY, 20).unpaid_audits_mean > 0
    assert _play("wrong-always", 20).unpaid_audits_mean == 0


def test_few_trials_prove_no_gain() -> None:
    """They may all have missed the rare loss."""
    few = replace(_play("shared-digests", 20), known_limit="", trials=19)
    assert no_gain([few]).status is Status.UNDECIDED
    assert no_gain([replace(few, trials=20)]).status is Status.FAIL


def test_slow_detection_fails_the_claim() -> None:
    caught = _play(ONE_IN_TWENTY, 20)
    claim = detection([replace(caught, caught_p99=251.0)])
    assert claim is not None
    assert claim.status is Status.FAIL
    escaped = detection([replace(caught, caught_p99=None)])
    assert escaped is not None
    assert escaped.status is Status.FAIL
    assert detection([]) is None


def test_an_interval_that_holds_zero_decides_nothing() -> None:
    one = replace(_play("lease-hoarding", 2), gain_per_cheat_low=-0.1, gain_per_cheat_high=0.1)
    assert no_gain([one]).status is Status.UNDECIDED
    assert no_gain([]).status is Status.UNDECIDED
    report = Report(1, (one,), (), None, (no_gain([one]),))
    assert report.failed(is_thorough=True)
    assert not report.failed(is_thorough=False)


def test_what_is_refused_is_refused_for_its_reason() -> None:
    attempts = try_refused(setting_of(), seed=1)
    assert [attempt.attack for attempt in attempts] == [attack.name for attack in ATTACKS]
    assert all(attempt.is_refused for attempt in attempts)
    through = replace(attempts[0], met=None)
    assert refusals([through]).status is Status.FAIL


def test_honest_people_with_bad_memory_concede_and_are_not_slashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two hundred times the assumed bit flips, all of whose audits are of stakeless newcomers."""
    monkeypatch.setattr("verifier.simulation.population.BIT_FLIPS_PPM", 2_000)
    monkeypatch.setattr("verifier.simulation.population.NEWCOMER_SHARE", 1.0)
    census = take_census(setting_of(), tasks=4_000, providers=400, seed=1)
    assert census.concessions > 0
    assert census.false_accusations > 0
    assert census.false_slashes == 0
    assert census.newcomer_overhead > 1
    assert census.unpaid_audits > 0
    assert overhead(replace(census, steady_pay_wei=1, steady_fees_wei=1)).status is Status.FAIL
    assert false_slashes(replace(census, false_slashes=1)).status is Status.FAIL


def test_honest_people_deliver_everything_whatever_their_devices_do() -> None:
    census = take_census(setting_of(), tasks=5_000, providers=50, seed=2)
    assert census.tasks == 5_000
    assert census.expired_leases > 0
    assert census.late_results_refused > 0
    price_wei = setting_of().price_wei
    assert census.steady_pay_wei + census.newcomer_pay_wei == 5_000 * price_wei


def test_the_same_seed_gives_the_same_report() -> None:
    strategies = choose(["sybil-5", "quiet-verifier"])
    one = simulate(setting_of(), TINY, strategies, seed=7)
    assert one == simulate(setting_of(), TINY, strategies, seed=7)
    other = simulate(setting_of(), TINY, strategies, seed=8)
    assert [o.gain_mean for o in one.outcomes] != [o.gain_mean for o in other.outcomes]


def test_names_that_are_not_there_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no strategy bribe"):
        choose(["bribe"])
    with pytest.raises(InvalidInput, match="no rule gravity"):
        setting_of(["gravity"])
    assert len(set(NAMES)) == len(NAMES)
    assert len({strategy.name for strategy in STRATEGIES}) == len(STRATEGIES)
