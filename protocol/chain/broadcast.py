"""Signs one account's transactions and hands them to an endpoint, after writing them down."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from eth_account.signers.local import LocalAccount

from protocol.chain.calls import Call
from protocol.chain.connection import CallReverted, RpcRefused, quantity, rpc
from protocol.chain.fees import Fees, Refusal, refusal
from protocol.chain.journal import Attempt, Journal, JournalEntry, Receipt
from protocol.chain.pool import probe_identity
from protocol.errors import ChainRejected
from protocol.units import Address, Bytes32, to_hex

if TYPE_CHECKING:
    from web3 import Web3


class Broadcaster:
    """The part of a sender that knows the key."""

    def __init__(
        self, web3: Web3, account: LocalAccount, journal: Journal, now: Callable[[], float]
    ) -> None:
        self._web3 = web3
        self._account = account
        self._journal = journal
        self._now = now
        self._chain_id: int | None = None

    @property
    def address(self) -> Address:
        """The account that sends."""
        return Address(self._account.address)

    def bind(self) -> None:
        """On first use, ask which chain this is and tie the journal to it.

        Raises:
            ChainRejected: the journal belongs to another chain or account.
            ChainUnavailable: the endpoint does not answer.
        """
        if self._chain_id is None:
            chain_id, genesis = probe_identity(self._web3)
            self._journal.bind(f"chain {chain_id} (genesis {genesis[:18]}), account {self.address}")
            self._chain_id = chain_id

    def estimate(self, entry: JournalEntry, nonces: Collection[int]) -> int | None:
        """The gas that a queued entry needs, or None when it cannot be sent now.

        What the contract refuses is rejected, but not while `nonces` of ours are in flight that it
        may depend on: then it waits for them.
        """
        try:
            return quantity(rpc(self._web3, "eth_estimateGas", self._request(entry.call)))
        except CallReverted as error:
            if nonces and entry.waits_for_nonce is None:
                waiting = replace(entry, waits_for_nonce=max(nonces), problem=error.message)
                self._journal.put(waiting)
            else:
                self._journal.put(entry.rejected(error.message))
        except RpcRefused as error:
            self._journal.put(replace(entry, problem=error.message))
        return None

    def send(self, entry: JournalEntry, fees: Fees) -> None:
        """Sign an entry that has its nonce and gas, write it down, and broadcast it."""
        transaction: dict[str, Any] = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": entry.nonce,
            "to": entry.call.to,
            "data": entry.call.data,
            "value": entry.call.value_wei,
            "gas": entry.gas,
            "maxFeePerGas": fees.max_fee_wei,
            "maxPriorityFeePerGas": fees.tip_wei,
        }
        signed = self._account.sign_transaction(transaction)
        attempt = Attempt(
            transaction_hash=Bytes32(bytes(signed.hash)),
            raw=bytes(signed.raw_transaction),
            max_fee_wei=fees.max_fee_wei,
            tip_wei=fees.tip_wei,
            sent_at=self._now(),
        )
        entry = replace(entry, attempts=(*entry.attempts, attempt))
        self._journal.put(entry)  # before the broadcast: a crash in between loses nothing
        self.repeat(entry)

    def repeat(self, entry: JournalEntry) -> None:
        """Broadcast the last attempt, as it was signed."""
        try:
            rpc(self._web3, "eth_sendRawTransaction", to_hex(entry.attempts[-1].raw))
        except ChainRejected as error:
            self._on_refusal(entry, error.message)

    def why_reverted(self, entry: JournalEntry, receipt: Receipt) -> str:
        """The contract's error of a transaction that was mined but reverted, as far as known."""
        if receipt.gas_used >= entry.gas:
            return "the transaction ran out of gas"
        try:
            # On the state after its block: what stood in its way mostly still does.
            rpc(self._web3, "eth_call", self._request(entry.call), hex(receipt.block_number))
        except ChainRejected as error:
            return error.message
        return f"the transaction reverted in block {receipt.block_number}"

    def _on_refusal(self, entry: JournalEntry, message: str) -> None:
        meaning = refusal(message)
        if meaning is Refusal.HOPELESS and len(entry.attempts) == 1:
            self._journal.put(replace(entry, nonce=None).rejected(message))
        elif meaning is Refusal.UNDERPRICED:
            stale = replace(entry.attempts[-1], sent_at=0.0)  # the next step replaces it
            attempts = (*entry.attempts[:-1], stale)
            self._journal.put(replace(entry, attempts=attempts, problem=message))
        elif meaning is Refusal.LATER:
            self._journal.put(replace(entry, problem=message))

    def _request(self, call: Call) -> dict[str, str]:
        return {
            "from": self.address,
            "to": call.to,
            "data": to_hex(call.data),
            "value": hex(call.value_wei),
        }
