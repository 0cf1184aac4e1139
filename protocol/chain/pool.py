"""What a sender sees of the chain, read in one request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.chain.connection import quantity, rpc_batch
from protocol.chain.fees import Fees, market_fees
from protocol.chain.journal import JournalEntry, Receipt
from protocol.errors import ChainUnavailable
from protocol.units import Address, Bytes32, parse_bytes32, to_hex

if TYPE_CHECKING:
    from web3 import Web3


@dataclass(frozen=True, slots=True)
class PoolView:
    """The head, an account's nonces, the fees of the moment, and the receipts asked for.

    A receipt comes with whether its transaction succeeded.
    """

    head: int
    block_gas_limit: int
    confirmed_nonce: int
    pending_nonce: int
    fees: Fees
    receipts: dict[Bytes32, tuple[Receipt, bool] | None]

    def receipt(self, entry: JournalEntry) -> tuple[Receipt, bool] | None:
        """The receipt of whichever attempt was mined."""
        found = (self.receipts.get(attempt.transaction_hash) for attempt in entry.attempts)
        return next(filter(None, found), None)

    def next_nonce(self, taken: Collection[int | None]) -> int:
        """The lowest nonce that neither the pool nor one of `taken` has."""
        nonce = self.pending_nonce
        while nonce in taken:
            nonce += 1
        return nonce


def look(web3: Web3, account: Address, hashes: Sequence[Bytes32]) -> PoolView:
    """Read it all.

    Raises:
        ChainUnavailable: the endpoint does not answer.
    """
    # Nonces first, receipts after them: a nonce that counts as used then has its receipt, too.
    requests: list[tuple[str, list[Any]]] = [
        ("eth_getTransactionCount", [account, "latest"]),
        ("eth_getTransactionCount", [account, "pending"]),
        ("eth_getBlockByNumber", ["latest", False]),
        ("eth_gasPrice", []),
    ]
    requests += [("eth_getTransactionReceipt", [to_hex(known)]) for known in hashes]
    confirmed, pending, block, price, *receipts = rpc_batch(web3, requests)
    if block is None:
        raise ChainUnavailable("the endpoint has no latest block")
    base_fee_wei = quantity(block.get("baseFeePerGas", "0x0"))
    return PoolView(
        head=quantity(block["number"]),
        block_gas_limit=quantity(block["gasLimit"]),
        confirmed_nonce=quantity(confirmed),
        pending_nonce=max(quantity(pending), quantity(confirmed)),
        fees=market_fees(base_fee_wei, quantity(price)),
        receipts={known: _receipt(r) for known, r in zip(hashes, receipts, strict=True)},
    )


def probe_identity(web3: Web3) -> tuple[int, str]:
    """The chain's id and the hash of its first block.

    Raises:
        ChainUnavailable: the endpoint does not answer.
    """
    requests: list[tuple[str, list[Any]]] = [
        ("eth_chainId", []),
        ("eth_getBlockByNumber", ["0x0", False]),
    ]
    chain_id, genesis = rpc_batch(web3, requests)
    if genesis is None:
        raise ChainUnavailable("the endpoint does not know the chain's first block")
    return quantity(chain_id), str(genesis["hash"])


def _receipt(value: Any) -> tuple[Receipt, bool] | None:
    if value is None or value.get("blockNumber") is None:
        return None
    receipt = Receipt(
        transaction_hash=parse_bytes32(value["transactionHash"]),
        block_number=quantity(value["blockNumber"]),
        block_hash=parse_bytes32(value["blockHash"]),
        gas_used=quantity(value["gasUsed"]),
    )
    return receipt, quantity(value["status"]) == 1
