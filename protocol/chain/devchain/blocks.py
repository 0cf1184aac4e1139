"""Mined blocks in the form JSON-RPC hands out, built once, when they are mined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth.abc import ReceiptAPI
from eth_utils import keccak, to_checksum_address
from rlp import encode as rlp_encode  # type: ignore[import-untyped]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MinedBlock:
    """A block's header and its JSON; `transactions` and `receipts` are in block order."""

    header: Any
    summary: Json
    transactions: tuple[Json, ...]
    receipts: tuple[Json, ...]
    logs: tuple[Json, ...]

    def block_json(self, *, full: bool) -> Json:
        """As `eth_getBlockByNumber` answers."""
        inside = [t if full else t["hash"] for t in self.transactions]
        return {**self.summary, "transactions": inside}


def mined_block(block: Any, receipts: tuple[ReceiptAPI, ...]) -> MinedBlock:
    """Describe a block that was just mined."""
    header = block.header
    transactions: list[Json] = []
    summaries: list[Json] = []
    logs: list[Json] = []
    gas_before = 0
    for index, (transaction, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        place = {
            "blockHash": hexed(header.hash),
            "blockNumber": hex(header.block_number),
            "transactionIndex": hex(index),
        }
        here = {**place, "transactionHash": hexed(transaction.hash)}
        own = [_log_json(log, here, header, len(logs) + n) for n, log in enumerate(receipt.logs)]
        described = _transaction_json(transaction, place, header.base_fee_per_gas)
        transactions.append(described)
        summaries.append(_receipt_json(receipt, described, here, own, gas_before))
        logs += own
        gas_before = receipt.gas_used
    return MinedBlock(
        header, _block_json(block), tuple(transactions), tuple(summaries), tuple(logs)
    )


def hexed(value: bytes) -> str:
    """JSON-RPC data."""
    return "0x" + value.hex()


def _block_json(block: Any) -> Json:
    header = block.header
    return {
        "number": hex(header.block_number),
        "hash": hexed(header.hash),
        "parentHash": hexed(header.parent_hash),
        "nonce": hexed(header.nonce),
        "sha3Uncles": hexed(header.uncles_hash),
        "logsBloom": "0x" + header.bloom.to_bytes(256, "big").hex(),
        "transactionsRoot": hexed(header.transaction_root),
        "stateRoot": hexed(header.state_root),
        "receiptsRoot": hexed(header.receipt_root),
        "miner": to_checksum_address(header.coinbase),
        "difficulty": hex(header.difficulty),
        "totalDifficulty": "0x0",
        "extraData": hexed(header.extra_data),
        "size": hex(len(rlp_encode(block))),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas),
        "mixHash": hexed(header.mix_hash),
        "uncles": [],
        "withdrawals": [],
        "withdrawalsRoot": hexed(header.withdrawals_root),
        "blobGasUsed": hex(header.blob_gas_used),
        "excessBlobGas": hex(header.excess_blob_gas),
        "parentBeaconBlockRoot": hexed(header.parent_beacon_block_root),
    }


def _transaction_json(transaction: Any, place: Json, base_fee_wei: int) -> Json:
    # Legacy transactions have no type byte and a `v` instead of a parity.
    kind = getattr(transaction, "type_id", None) or 0
    described = {
        **place,
        "type": hex(kind),
        "hash": hexed(transaction.hash),
        "nonce": hex(transaction.nonce),
        "from": to_checksum_address(transaction.sender),
        "to": to_checksum_address(transaction.to) if transaction.to else None,
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "gasPrice": hex(effective_price(transaction, base_fee_wei)),
        "input": hexed(transaction.data),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
        "v": hex(transaction.y_parity if kind else transaction.v),
    }
    if kind:
        described |= {
            "chainId": hex(transaction.chain_id),
            "yParity": hex(transaction.y_parity),
            "accessList": [
                {"address": to_checksum_address(a), "storageKeys": [_word(k) for k in keys]}
                for a, keys in transaction.access_list
            ],
        }
    if kind >= 2:
        described |= {
            "maxFeePerGas": hex(transaction.max_fee_per_gas),
            "maxPriorityFeePerGas": hex(transaction.max_priority_fee_per_gas),
        }
    return described


def _receipt_json(
    receipt: ReceiptAPI, transaction: Json, here: Json, logs: list[Json], gas_before: int
) -> Json:
    return {
        **here,
        "type": transaction["type"],
        "status": "0x1" if receipt.state_root == b"\x01" else "0x0",
        "from": transaction["from"],
        "to": transaction["to"],
        "contractAddress": None if transaction["to"] else _created(transaction),
        "cumulativeGasUsed": hex(receipt.gas_used),
        "gasUsed": hex(receipt.gas_used - gas_before),
        "effectiveGasPrice": transaction["gasPrice"],
        "logs": logs,
        "logsBloom": "0x" + receipt.bloom.to_bytes(256, "big").hex(),
    }


def _log_json(log: Any, here: Json, header: Any, index: int) -> Json:
    return {
        **here,
        "address": to_checksum_address(log.address),
        "topics": [_word(topic) for topic in log.topics],
        "data": hexed(log.data),
        "blockTimestamp": hex(header.timestamp),
        "logIndex": hex(index),
        "removed": False,
    }


def effective_price(transaction: Any, base_fee_wei: int) -> int:
    """What a unit of gas of `transaction` costs at that base fee."""
    tip = min(transaction.max_priority_fee_per_gas, transaction.max_fee_per_gas - base_fee_wei)
    return int(base_fee_wei + tip)


def _created(transaction: Json) -> str:
    words = [bytes.fromhex(transaction["from"][2:]), int(transaction["nonce"], 16)]
    return to_checksum_address(keccak(rlp_encode(words))[12:])


def _word(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()
