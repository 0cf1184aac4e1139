"""Rules that can be left out, to show what each is for.

The first six were found missing by this simulation; each is the smallest change that closes what
docs/simulation.md names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from protocol.errors import InvalidInput
from protocol.pricing import BOND_PRICES, CONCESSION, SLASH
from protocol.settlement.facts import Rules
from verifier.simulation.setting import Setting, production_terms

# Before the simulation.
CHALLENGER_PERCENT = 30
CONCESSION_PRICES = 45


@dataclass(frozen=True, slots=True)
class Switch:
    """A rule by name, and a world without it."""

    name: str
    summary: str
    turn: Callable[[Setting], Setting]


def _rules(**changes: object) -> Callable[[Setting], Setting]:
    return lambda setting: replace(setting, rules=replace(setting.rules, **changes))  # type: ignore[arg-type]


def _uncap_requester(setting: Setting) -> Setting:
    rules = setting.rules
    uncapped = replace(
        rules,
        concession=replace(rules.concession, requester_most_prices=0),
        slash=replace(rules.slash, requester_most_prices=0),
    )
    return replace(setting, rules=uncapped)


def _raise_reward(setting: Setting) -> Setting:
    slash = replace(setting.rules.slash, challenger_percent=CHALLENGER_PERCENT)
    return replace(setting, rules=replace(setting.rules, slash=slash))


def _lower_concession(setting: Setting) -> Setting:
    concession = replace(setting.rules.concession, prices=CONCESSION_PRICES)
    return replace(setting, rules=replace(setting.rules, concession=concession))


def _no_penalties(setting: Setting) -> Setting:
    rules = setting.rules
    free = replace(
        rules,
        concession=replace(rules.concession, prices=0),
        slash=replace(rules.slash, prices=0),
    )
    return replace(setting, rules=free)


def _free_concession(setting: Setting) -> Setting:
    concession = replace(setting.rules.concession, prices=0)
    return replace(setting, rules=replace(setting.rules, concession=concession))


def _free_accusations(setting: Setting) -> Setting:
    unbonded = replace(setting, rules=replace(setting.rules, bond_prices=0, bond_lease_part=0))
    return unbonded.with_terms(dispute_bond_wei=0)


RULES = (
    Switch(
        "requester-cap",
        "of a penalty the requester gets at most one task's price; the rest of its part burns",
        _uncap_requester,
    ),
    Switch(
        "equivocation",
        "a verifier whose AuditResult does not open its AuditCommitment loses its drawn seat",
        _rules(equivocating_verifier_loses_seat=False),
    ),
    Switch(
        "bond-by-price",
        f"a challenger's bond is {BOND_PRICES} prices of the task at least, not a fixed sum",
        _rules(bond_prices=0),
    ),
    Switch(
        "challenger-share",
        f"{SLASH.challenger_percent} % of a lost dispute go to the challenger, not"
        f" {CHALLENGER_PERCENT} %",
        _raise_reward,
    ),
    Switch(
        "concession-price",
        f"a first concession takes {CONCESSION.prices} prices of stake, not {CONCESSION_PRICES}",
        _lower_concession,
    ),
    Switch(
        "late-committee",
        "a committee's seed is fixed after the concede window, not with the dispute",
        lambda setting: replace(setting, committee_follows_concession=False),
    ),
    Switch(
        "first-dispute",
        "a lease's concede window runs from its first open dispute, not from each",
        _rules(concedes_late=True),
    ),
    Switch(
        "lost-bond",
        "nothing of a lost bond goes to the provider, not half",
        _rules(lost_bond_provider_percent=50),
    ),
    Switch(
        "late-fees",
        "an audit's fee is paid when its lease is, not when the audit is accepted",
        _rules(pays_audits_late=False),
    ),
    Switch(
        "unavailable",
        "a committee that is not given the inputs votes so, and the lease is not paid",
        lambda setting: replace(setting, votes_unavailable=False),
    ),
    Switch(
        "bond-by-lease",
        "a challenger's bond is a third of what the lease is paid at least",
        _rules(bond_lease_part=0),
    ),
    Switch(
        "operator-fine",
        f"inputs that nobody got cost their operator {CONCESSION.prices} prices of its stake",
        _rules(fines_operator=False),
    ),
    Switch("penalties", "concessions and lost disputes take stake", _no_penalties),
    Switch("concession", "the first concession takes stake too", _free_concession),
    Switch("forfeits", "a slash forfeits what waits", _rules(forfeits_after_slash=False)),
    Switch(
        "agreement",
        "only an audit that agrees is accepted",
        _rules(accepts_agreeing_audits_only=False),
    ),
    Switch(
        "contradiction",
        "a verifier that a committee contradicts loses its seat",
        _rules(contradicted_verifier_loses_seat=False),
    ),
    Switch("re-audit", "some audits are done twice", lambda s: replace(s, audit_rounds=1)),
    Switch(
        "seed-after-commitment",
        "a batch's seed is not known when it is committed",
        lambda s: replace(s, seed_follows_commitment=False),
    ),
    Switch("bond", "a challenger puts down a bond", _free_accusations),
    Switch(
        "ringers",
        "where results can be guessed, the requester knows some of them",
        lambda setting: replace(setting, has_ringers=False),
    ),
)

NAMES = tuple(switch.name for switch in RULES)


def setting_of(without: Iterable[str] = ()) -> Setting:
    """A world with the deployed parameters and rules, but for those.

    Raises:
        InvalidInput: there is no such rule.
    """
    left_out = set(without)
    if unknown := left_out - set(NAMES):
        raise InvalidInput(f"no rule {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    setting = Setting(production_terms(), Rules())
    for switch in RULES:
        if switch.name in left_out:
            setting = switch.turn(setting)
    return setting
