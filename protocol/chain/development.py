"""The well-known accounts of development chains. Everybody knows their keys: no real money."""

from __future__ import annotations

from functools import cache

from eth_account import Account
from eth_account.hdaccount import HDPath, seed_from_mnemonic
from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
CHAIN_ID = 31337


@cache
def development_account(index: int) -> LocalAccount:
    """Account `index` of the development mnemonic, the same as Anvil's and Hardhat's."""
    account: LocalAccount = Account.from_key(HDPath(f"m/44'/60'/0'/0/{index}").derive(_seed()))
    return account


@cache
def _seed() -> bytes:
    return seed_from_mnemonic(MNEMONIC, "")
