"""What things cost and how often they are audited: integers only, rounded against the cheater.

The formulas are those of docs/protocol.md; `contracts/src/libraries/Pricing.sol` computes the
same audit rate.
"""

from __future__ import annotations

from math import isqrt

from protocol.spec import Resources
from protocol.units import PPM

# q = clip(1.5 c / ((1 - a)(S + E + R)), floor, 1), with the honest cost c = 0.8 R and a third of
# the verifiers colluding (a = 1/3): 1.5 * 0.8 / (2/3) = 1.8.
RATE_NUMERATOR_PPM = 1_800_000
RATE_FLOOR_PPM = 30_000
AUDIT_FEE_PPM = 1_200_000


def audit_rate_ppm(price_per_task_wei: int, stake_wei: int, unvested_wei: int) -> int:
    """The share of a lease's tasks to audit, in parts per million, from the money at risk.

    `stake_wei` is the provider's free stake, `unvested_wei` pay that a caught cheater truly loses.
    Market passes 0 for the latter: pay out of one's own job is never at risk (decision 12).
    """
    at_risk_wei = stake_wei + unvested_wei + price_per_task_wei
    if at_risk_wei == 0:
        return PPM
    rate = -(-RATE_NUMERATOR_PPM * price_per_task_wei // at_risk_wei)
    return min(max(rate, RATE_FLOOR_PPM), PPM)


def audit_fee_wei(price_per_task_wei: int) -> int:
    """What a verifier earns by auditing a task of that price."""
    return price_per_task_wei * AUDIT_FEE_PPM // PPM


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

    Drawing is random: three standard deviations of a binomial are added, and at least one audit.
    """
    fee_wei = audit_fee_wei(max_price_per_task_wei)
    expected = task_count * expected_rate_ppm
    spread = 3 * _isqrt_ceil(task_count * expected_rate_ppm * PPM)
    audits = min(task_count, max(1, -(-(expected + spread) // PPM)))
    return audits * fee_wei


def _isqrt_ceil(value: int) -> int:
    root = isqrt(value)
    return root if root * root == value else root + 1
