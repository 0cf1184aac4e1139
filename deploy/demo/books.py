"""Whether every wei is accounted for: the chain's own figures, added up from two sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.chain.contracts import Contracts
from protocol.units import Address, Bytes32


@dataclass(frozen=True, slots=True)
class Books:
    """All in wei. `in_wallets` and `in_market` are tokens, the rest is what Market says it owes."""

    supply_wei: int
    in_wallets_wei: int
    in_market_wei: int
    balances_wei: int
    stakes_wei: int
    escrows_wei: int
    seats_wei: int
    burnt_wei: int

    @property
    def owed_wei(self) -> int:
        """What Market must hold to keep its word, when no dispute holds a bond."""
        parts = (self.balances_wei, self.stakes_wei, self.escrows_wei)
        return sum(parts) + self.seats_wei + self.burnt_wei

    @property
    def are_balanced(self) -> bool:
        """Whether no wei is missing and none too many, on both sides."""
        is_supply_found = self.supply_wei == self.in_wallets_wei + self.in_market_wei
        return is_supply_found and self.in_market_wei == self.owed_wei


def read_books(contracts: Contracts, owners: Iterable[Address], jobs: Iterable[Bytes32]) -> Books:
    """Add up what everybody in `owners` has, in and outside the market, and all escrows.

    `owners` must name everyone who ever held credits; then nothing can hide.
    """
    people = sorted(set(owners))
    accounts = [contracts.account(owner) for owner in people]
    states = [contracts.job(job_id) for job_id in jobs]
    return Books(
        supply_wei=contracts.token_supply(),
        in_wallets_wei=sum(contracts.token_balance(owner) for owner in people),
        in_market_wei=contracts.token_balance(contracts.deployment.market),
        balances_wei=sum(account.balance_wei for account in accounts),
        stakes_wei=sum(account.stake_wei + account.unstaking_wei for account in accounts),
        escrows_wei=sum(state.escrow_wei + state.audit_escrow_wei for state in states),
        seats_wei=sum(contracts.seat_stake(i) for i in range(contracts.seat_count())),
        burnt_wei=contracts.burnt_wei(),
    )
