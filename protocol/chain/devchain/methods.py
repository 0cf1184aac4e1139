"""The JSON-RPC methods of the development chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_utils import keccak, to_checksum_address

from protocol.chain.devchain.blocks import Json, MinedBlock, hexed
from protocol.chain.devchain.evm import CallRequest, DevChain
from protocol.chain.development import development_account
from protocol.errors import InvalidInput
from protocol.units import parse_address

_TIP_WEI = 10**9
_LATEST = ("latest", "pending", "safe", "finalized", None)
Method = Callable[..., Any]


class Methods:
    """Looks methods up by their JSON-RPC names and answers in JSON-RPC's forms."""

    def __init__(self, chain: DevChain, account_count: int) -> None:
        self._chain = chain
        self._account_count = account_count
        self._table: dict[str, Method] = {
            "web3_clientVersion": lambda: "fallow-devchain/py-evm",
            "web3_sha3": lambda data: hexed(keccak(_bytes(data))),
            "net_version": lambda: str(chain.chain_id),
            "net_listening": lambda: True,
            "eth_chainId": lambda: hex(chain.chain_id),
            "eth_syncing": lambda: False,
            "eth_mining": lambda: True,
            "eth_accounts": self._accounts,
            "eth_blockNumber": lambda: hex(chain.head.header.block_number),
            "eth_gasPrice": lambda: hex(chain.head.header.base_fee_per_gas + _TIP_WEI),
            "eth_maxPriorityFeePerGas": lambda: hex(_TIP_WEI),
            "eth_blobBaseFee": lambda: "0x1",
            "eth_feeHistory": self._fee_history,
            "eth_getBalance": self._balance,
            "eth_getTransactionCount": self._nonce,
            "eth_getCode": self._code,
            "eth_getStorageAt": self._storage,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": lambda raw: chain.send(_bytes(raw)),
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getLogs": self._logs,
            "evm_mine": self._mine,
            "evm_increaseTime": lambda seconds: chain.increase_time(_int(seconds)),
            "evm_setNextBlockTimestamp": lambda at: chain.set_next_timestamp(_int(at)),
            "evm_snapshot": lambda: hex(chain.snapshot()),
            "evm_revert": lambda snapshot: chain.revert(_int(snapshot)),
        }

    def find(self, name: object) -> Method | None:
        """The method of that name."""
        return self._table.get(name) if isinstance(name, str) else None

    def _accounts(self) -> list[str]:
        return [development_account(i).address for i in range(self._account_count)]

    def _balance(self, owner: str, at: Any = "latest") -> str:
        return hex(self._state(at).get_balance(_address(owner)))

    def _nonce(self, owner: str, at: Any = "latest") -> str:
        return hex(self._state(at).get_nonce(_address(owner)))

    def _code(self, owner: str, at: Any = "latest") -> str:
        return hexed(self._state(at).get_code(_address(owner)))

    def _storage(self, owner: str, slot: str, at: Any = "latest") -> str:
        value = self._state(at).get_storage(_address(owner), _int(slot))
        return "0x" + int(value).to_bytes(32, "big").hex()

    def _call(self, request: Json, at: Any = "latest", *_overrides: Any) -> str:
        number = None if at in _LATEST else self._number(at)
        return hexed(self._chain.call(_call_request(request), number))

    def _estimate(self, request: Json, *_at: Any) -> str:
        return hex(self._chain.estimate_gas(_call_request(request)))

    def _transaction(self, transaction_hash: str) -> Json | None:
        found = self._chain.place(transaction_hash.lower())
        return None if found is None else found[0].transactions[found[1]]

    def _receipt(self, transaction_hash: str) -> Json | None:
        found = self._chain.place(transaction_hash.lower())
        return None if found is None else found[0].receipts[found[1]]

    def _block_receipts(self, at: Any) -> list[Json] | None:
        block = self._chain.block(self._number(at))
        return None if block is None else list(block.receipts)

    def _block_by_number(self, at: Any, full: bool = False) -> Json | None:
        block = self._chain.block(self._number(at))
        return None if block is None else block.block_json(full=full)

    def _block_by_hash(self, block_hash: str, full: bool = False) -> Json | None:
        block = self._chain.block_by_hash(block_hash.lower())
        return None if block is None else block.block_json(full=full)

    def _logs(self, query: Json) -> list[Json]:
        addresses = query.get("address")
        named = [addresses] if isinstance(addresses, str) else addresses or []
        wanted = {to_checksum_address(parse_address(a)) for a in named}
        topics = query.get("topics") or []
        return [
            log
            for block in self._blocks(query)
            for log in block.logs
            if (not wanted or log["address"] in wanted) and _has_topics(log["topics"], topics)
        ]

    def _blocks(self, query: Json) -> list[MinedBlock]:
        if query.get("blockHash"):
            block = self._chain.block_by_hash(query["blockHash"].lower())
            return [] if block is None else [block]
        first = self._number(query.get("fromBlock", "latest"))
        return list(self._chain.blocks(first, self._number(query.get("toBlock", "latest"))))

    def _fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> Json:
        last = min(self._number(newest), self._chain.head.header.block_number)
        first = max(0, last - min(_int(count), 1024) + 1)
        headers = [block.header for block in self._chain.blocks(first, last)]
        fees = [header.base_fee_per_gas for header in headers]
        history: Json = {
            "oldestBlock": hex(first),
            "baseFeePerGas": [hex(fee) for fee in (*fees, fees[-1])],
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        }
        if percentiles is not None:
            history["reward"] = [[hex(_TIP_WEI)] * len(percentiles) for _ in headers]
        return history

    def _mine(self, timestamp: Any = None) -> str:
        if timestamp is not None:
            self._chain.set_next_timestamp(_int(timestamp))
        self._chain.mine()
        return "0x0"

    def _state(self, at: Any) -> Any:
        return self._chain.state_at(self._number(at))

    def _number(self, at: Any) -> int:
        if isinstance(at, dict):
            at = at.get("blockNumber")
        if at in _LATEST:
            return int(self._chain.head.header.block_number)
        return 0 if at == "earliest" else _int(at)


def _call_request(request: Json) -> CallRequest:
    return CallRequest(
        sender=_address(request.get("from") or "0x" + "00" * 20),
        to=_address(request["to"]) if request.get("to") else b"",
        data=_bytes(request.get("input") or request.get("data") or "0x"),
        value_wei=_int(request.get("value") or 0),
        gas=_int(request["gas"]) if request.get("gas") else None,
    )


def _has_topics(topics: list[str], wanted: list[Any]) -> bool:
    for index, want in enumerate(wanted):
        if want is None:
            continue
        choices = [want] if isinstance(want, str) else want
        if index >= len(topics) or topics[index] not in [c.lower() for c in choices]:
            return False
    return True


def _int(value: Any) -> int:
    try:
        return value if isinstance(value, int) else int(value, 16)
    except (TypeError, ValueError):
        raise InvalidInput(f"not a quantity: {value!r}") from None


def _bytes(value: Any) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise InvalidInput(f"not 0x-prefixed hex: {value!r}") from None


def _address(value: Any) -> bytes:
    return bytes.fromhex(parse_address(value)[2:])
