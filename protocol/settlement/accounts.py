"""Money in and out, and providers' stake. Mirrors market/Money.sol, market/MarketBase.sol,
`cancelAll` of market/Keys.sol, and market/Pausing.sol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol.settlement.facts import (
    LONGEST_PAUSE_SECONDS,
    MAX_EPOCH,
    Account,
    Moment,
    Rules,
    Terms,
)
from protocol.settlement.refusals import Refusal, require
from protocol.units import Address

_NOBODY = Account()


class Accounts:
    """Who owns what. Every method either happens as a whole or raises `Refused`."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        self.terms = terms
        self.rules = rules or Rules()
        self.held_wei = 0
        self.burnt_wei = 0
        self.intake_paused_until = 0
        self.next_pause_at = 0
        self._accounts: dict[Address, Account] = {}

    def account(self, owner: Address) -> Account:
        """An account's facts."""
        return self._accounts.get(owner, _NOBODY)

    def pause_intake(self, seconds: int, at: Moment) -> None:
        """The guardian keeps new money out for a while."""
        require(seconds <= LONGEST_PAUSE_SECONDS, Refusal.PAUSE_TOO_LONG)
        require(at.seconds >= self.next_pause_at, Refusal.PAUSED_TOO_SOON)
        self.intake_paused_until = at.seconds + seconds
        self.next_pause_at = self.intake_paused_until + seconds

    def cancel_all(self, owner: Address) -> None:
        """What `owner` signed before, and nobody has sent yet, is void."""
        epoch = self.account(owner).epoch
        require(epoch < MAX_EPOCH, Refusal.EPOCHS_USED_UP)
        self._change(owner, epoch=epoch + 1)

    def deposit(self, owner: Address, amount_wei: int, at: Moment) -> None:
        """Tokens come in."""
        self._require_intake(at)
        require(amount_wei > 0, Refusal.ZERO_AMOUNT)
        self.held_wei += amount_wei
        self._credit(owner, amount_wei)

    def withdraw(self, owner: Address, amount_wei: int) -> None:
        """Free balance goes out."""
        require(amount_wei > 0, Refusal.ZERO_AMOUNT)
        self._spend(owner, amount_wei)
        self.held_wei -= amount_wei

    def stake(self, owner: Address, amount_wei: int) -> None:
        """Put free balance behind one's work."""
        require(amount_wei > 0, Refusal.ZERO_AMOUNT)
        self._spend(owner, amount_wei)
        self._change(owner, stake_wei=self.account(owner).stake_wei + amount_wei)

    def request_unstake(self, owner: Address, amount_wei: int, at: Moment) -> None:
        """Begin to take stake back: it counts no longer for the rate, and is still slashable."""
        own = self.account(owner)
        require(amount_wei > 0, Refusal.ZERO_AMOUNT)
        require(amount_wei <= own.stake_wei, Refusal.INSUFFICIENT_STAKE)
        self._change(
            owner,
            stake_wei=own.stake_wei - amount_wei,
            unstaking_wei=own.unstaking_wei + amount_wei,
            unstake_at=at.seconds + self.terms.unstake_delay_seconds,
        )

    def unstake(self, owner: Address, at: Moment) -> None:
        """Take back what was asked for, after the delay and in no dispute."""
        own = self.account(owner)
        require(own.unstaking_wei > 0, Refusal.NOTHING_UNSTAKING)
        require(at.seconds >= own.unstake_at, Refusal.STAKE_LOCKED)
        require(own.open_disputes == 0, Refusal.STAKE_IN_DISPUTE)
        self._change(
            owner,
            unstaking_wei=0,
            unstake_at=0,
            balance_wei=own.balance_wei + own.unstaking_wei,
        )

    def owned_wei(self, owner: Address) -> int:
        """Balance and stake, also what is being unstaked."""
        own = self.account(owner)
        return own.balance_wei + own.slashable_wei

    def total_wei(self) -> int:
        """The sum of every claim; always `held_wei`."""
        return self.burnt_wei + sum(self.owned_wei(owner) for owner in self._accounts)

    def _require_intake(self, at: Moment) -> None:
        require(at.seconds >= self.intake_paused_until, Refusal.INTAKE_PAUSED)

    def _spend(self, owner: Address, amount_wei: int) -> None:
        free_wei = self.account(owner).balance_wei
        require(amount_wei <= free_wei, Refusal.INSUFFICIENT_BALANCE)
        self._change(owner, balance_wei=free_wei - amount_wei)

    def _credit(self, owner: Address, amount_wei: int) -> None:
        self._change(owner, balance_wei=self.account(owner).balance_wei + amount_wei)

    def _share(self, amount_wei: int, owners: Sequence[Address]) -> int:
        """Credit equal parts; return what was given, which leaves out what does not divide."""
        if not owners:
            return 0
        each_wei = amount_wei // len(owners)
        for owner in owners:
            self._credit(owner, each_wei)
        return each_wei * len(owners)

    def _take_stake(self, owner: Address, amount_wei: int) -> int:
        """Take up to `amount_wei` of what stands behind an account's work; return how much."""
        own = self.account(owner)
        from_stake_wei = min(amount_wei, own.stake_wei)
        from_unstaking_wei = min(amount_wei - from_stake_wei, own.unstaking_wei)
        self._change(
            owner,
            stake_wei=own.stake_wei - from_stake_wei,
            unstaking_wei=own.unstaking_wei - from_unstaking_wei,
        )
        return from_stake_wei + from_unstaking_wei

    def _change(self, owner: Address, **changes: int) -> None:
        self._accounts[owner] = replace(self.account(owner), **changes)
