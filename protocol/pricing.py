"""What things cost and how often they are audited: integers only, rounded against the cheater.

The formulas are those of docs/protocol.md; `contracts/src/libraries/Pricing.sol` computes the
same audit rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from protocol.spec import Resources
from protocol.units import PPM

# Running a task honestly costs its provider, or its verifier, four fifths of the price at most.
HONEST_COST_PPM = 800_000
# q = clip(1.5 c / ((1 - a)(S + R)), floor, most): the expected number of audits of a task, with an
# honest cost c = 0.8 R and a third of the verifiers colluding (a = 1/3): 1.5 * 0.8 / (2/3) = 1.8.
# Above 1 a task is audited for certain, and once more with the rest as the chance.
RATE_NUMERATOR_PPM = 1_800_000
RATE_FLOOR_PPM = 30_000
# Of audited tasks, so many at least are audited once more, by another verifier.
REAUDIT_PPM = 100_000
AUDIT_FEE_PPM = 1_200_000
# What accusing honest work could bring whoever has a third of the committees: by the task, and by
# the lease, which a captured committee frees from its whole price.
BOND_PRICES = 15
BOND_LEASE_PART = 3
# Of a verifier's seat to whoever finds it out. That may be its friend.
REPORTER_PERCENT = 15


@dataclass(frozen=True, slots=True)
class Split:
    """Where a penalty goes, in wei."""

    requester_wei: int
    challenger_wei: int
    committee_wei: int
    burnt_wei: int

    @property
    def total_wei(self) -> int:
        """The whole penalty."""
        return self.requester_wei + self.challenger_wei + self.committee_wei + self.burnt_wei


@dataclass(frozen=True, slots=True)
class Penalty:
    """What a wrong task costs its provider's stake, beside the lease's pay, and who gets it.

    The requester may be the cheater itself, that would move its stake out of reach by a penalty in
    a job of its own: its part is at most `requester_most_prices` prices of the task; 0 is no limit.
    """

    prices: int
    requester_percent: int
    challenger_percent: int
    committee_percent: int
    requester_most_prices: int = 1

    def due_wei(self, price_per_task_wei: int, stake_wei: int) -> int:
        """So many times the task's price, at most the whole stake."""
        return min(stake_wei, self.prices * price_per_task_wei)

    def split(self, penalty_wei: int, price_per_task_wei: int) -> Split:
        """The shares, each rounded down; what is left is burnt."""
        requester_wei = penalty_wei * self.requester_percent // 100
        if self.requester_most_prices:
            requester_wei = min(requester_wei, self.requester_most_prices * price_per_task_wei)
        challenger_wei = penalty_wei * self.challenger_percent // 100
        committee_wei = penalty_wei * self.committee_percent // 100
        given_wei = requester_wei + challenger_wei + committee_wei
        return Split(requester_wei, challenger_wei, committee_wei, penalty_wei - given_wei)


# Below a lost dispute, so that conceding is the better choice of whoever knows it was wrong; above
# what an identity that is begun, caught once and left could earn by the tasks that were not drawn.
CONCESSION = Penalty(prices=50, requester_percent=50, challenger_percent=10, committee_percent=0)
SLASH = Penalty(prices=60, requester_percent=40, challenger_percent=15, committee_percent=20)


def audit_rate_ppm(price_per_task_wei: int, stake_wei: int) -> int:
    """The expected number of audits of each of a lease's tasks, in parts per million, rounded up.

    `stake_wei` is the provider's stake that is not being unstaked. Unvested pay does not count: out
    of one's own job it is never at risk (decision 12). Without stake it is `RATE_NUMERATOR_PPM`.
    """
    at_risk_wei = stake_wei + price_per_task_wei
    if at_risk_wei == 0:
        return RATE_NUMERATOR_PPM
    rate = -(-RATE_NUMERATOR_PPM * price_per_task_wei // at_risk_wei)
    return max(rate, RATE_FLOOR_PPM)


def audit_fee_wei(price_per_task_wei: int) -> int:
    """What a verifier earns by auditing a task of that price."""
    return price_per_task_wei * AUDIT_FEE_PPM // PPM


def bond_wei(
    price_per_task_wei: int,
    amount_wei: int,
    least_wei: int,
    *,
    prices: int = BOND_PRICES,
    lease_part: int = BOND_LEASE_PART,
) -> int:
    """What a challenger puts down for a task of that price, of a lease that is paid `amount_wei`.

    At least `least_wei`, so many `prices`, and that `lease_part` of it (3: a third), rounded down;
    0: whatever the lease is paid.
    """
    by_lease_wei = amount_wei // lease_part if lease_part else 0
    return max(least_wei, prices * price_per_task_wei, by_lease_wei)


def concession_wei(price_per_task_wei: int, stake_wei: int) -> int:
    """What a provider's first concession takes from its stake."""
    return CONCESSION.due_wei(price_per_task_wei, stake_wei)


def slash_wei(price_per_task_wei: int, stake_wei: int) -> int:
    """What a lost dispute, or any concession but the first, takes from a provider's stake."""
    return SLASH.due_wei(price_per_task_wei, stake_wei)


def split_concession(penalty_wei: int, price_per_task_wei: int) -> Split:
    """Who gets what a first concession took."""
    return CONCESSION.split(penalty_wei, price_per_task_wei)


def split_slash(penalty_wei: int, price_per_task_wei: int) -> Split:
    """Who gets what a lost dispute took. Where no committee met, its part is burnt too."""
    return SLASH.split(penalty_wei, price_per_task_wei)


def task_price_wei(
    ask_per_core_second_wei: int, resources: Resources, reserved_seconds: int
) -> int:
    """An offer's price for one task: its ask for the cores and seconds that the spec reserves.

    Pay never follows self-reported time: the spec's own limits are what is paid for.
    """
    milli_seconds = ask_per_core_second_wei * resources.cpu_millis * reserved_seconds
    return -(-milli_seconds // 1000)


def audit_budget_wei(max_price_per_task_wei: int, task_count: int, expected_rate_ppm: int) -> int:
    """The audit budget to put aside for a job whose providers are audited at `expected_rate_ppm`.

    Second audits are counted in. Drawing is random: three standard deviations are added, with at
    least one audit and at most two a task.
    """
    fee_wei = audit_fee_wei(max_price_per_task_wei)
    first_ppm = min(expected_rate_ppm, PPM)
    second_ppm = -(-first_ppm * max(REAUDIT_PPM, expected_rate_ppm - PPM) // PPM)
    mean_ppm = first_ppm + second_ppm
    # E[N^2] - E[N]^2 of a task's audits: a second one never comes alone, so two count as four.
    variance = (first_ppm + 3 * second_ppm) * PPM - mean_ppm**2
    spread_ppm = 3 * _isqrt_ceil(task_count * variance)
    audits = -(-(task_count * mean_ppm + spread_ppm) // PPM)
    return min(2 * task_count, max(1, audits)) * fee_wei


def _isqrt_ceil(value: int) -> int:
    root = isqrt(value)
    return root if root * root == value else root + 1
