"""The requester's own transactions: each wish once, whatever happens between two attempts."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account.signers.local import LocalAccount

from protocol.chain.contracts import Call, Contracts
from protocol.chain.sender import Sender, SqliteJournal
from protocol.errors import InsufficientFunds
from protocol.units import Address

SEND_SECONDS = 120.0


class Courier:
    """Sends transactions from the wallet, which needs gas for them; one process at a time."""

    def __init__(self, contracts: Contracts, wallet: LocalAccount, folder: Path) -> None:
        self._contracts = contracts
        self._wallet = wallet
        self._folder = folder

    def send(self, key: str, call: Call) -> None:
        """Have `call` mined; under one key it happens once.

        Raises:
            InsufficientFunds: the wallet has no gas.
            ChainRejected: the contract refuses it.
            ChainUnavailable: it is not mined in time; it is sent on when it is asked for again.
        """
        me = Address(self._wallet.address)
        self._contracts.check(call, me)
        if self._contracts.gas_balance(me) == 0:
            raise InsufficientFunds(f"{me} has no gas for a transaction: send it some coin")
        with self._sender() as sender:
            sender.forget(key)
            sender.submit(key, call)
            sender.wait(key, SEND_SECONDS)

    @contextmanager
    def _sender(self) -> Iterator[Sender]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        chain_id = self._contracts.deployment.chain_id
        path = self._folder / f"transactions-{chain_id}-{self._wallet.address}.sqlite"
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            journal = SqliteJournal(path)
            try:
                yield Sender(self._contracts.web3, self._wallet, journal)
            finally:
                journal.close()
        finally:
            os.close(descriptor)
