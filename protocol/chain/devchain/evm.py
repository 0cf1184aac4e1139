"""The chain itself: py-evm's Prague rules, one process, everything in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

from eth.abc import BlockHeaderAPI
from eth.chains.base import MiningChain
from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.db.atomic import AtomicDB
from eth.exceptions import Revert, VMError
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CONTRACT_CODE
from eth.vm.spoof import SpoofTransaction
from eth_utils import ValidationError, keccak

from protocol.chain.devchain.blocks import MinedBlock, hexed, mined_block
from protocol.chain.development import CHAIN_ID, development_account
from protocol.errors import ChainRejected, InvalidInput

GAS_LIMIT = 100_000_000
ACCOUNT_WEI = 10_000 * 10**18
_NO_COINBASE = bytes(20)


class ExecutionReverted(ChainRejected):
    """A call or a transaction reverted; `data` is what the contract said."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call to simulate; `to` is empty to create a contract."""

    sender: bytes
    to: bytes
    data: bytes
    value_wei: int
    gas: int | None


class _Vm(PragueVM):
    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Own blocks need no check; several may share a second, unlike on a public chain."""


class DevChain:
    """A chain that mines each transaction into its own block. Thread-safe."""

    def __init__(
        self,
        account_count: int = 20,
        chain_id: int = CHAIN_ID,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.chain_id = chain_id
        self._now = now
        self._time_offset_seconds = 0
        self._next_timestamp: int | None = None
        self._lock = RLock()
        self._chain: Any = _new_chain(chain_id, account_count, int(now()))
        genesis = self._chain.get_canonical_block_by_number(0)
        self._blocks = [mined_block(genesis, ())]
        self._places: dict[str, tuple[int, int]] = {}
        self._snapshots: list[int] = []

    # Reading.

    @property
    def head(self) -> MinedBlock:
        """The latest block."""
        return self._blocks[-1]

    def blocks(self, first: int, last: int) -> Sequence[MinedBlock]:
        """The blocks from `first` to `last`, both included, as far as they exist."""
        with self._lock:
            return self._blocks[max(first, 0) : last + 1]

    def block(self, number: int) -> MinedBlock | None:
        """The block of that number."""
        with self._lock:
            return self._blocks[number] if 0 <= number < len(self._blocks) else None

    def block_by_hash(self, block_hash: str) -> MinedBlock | None:
        """The block of that hash."""
        with self._lock:
            backwards = reversed(self._blocks)
            return next((b for b in backwards if b.summary["hash"] == block_hash), None)

    def place(self, transaction_hash: str) -> tuple[MinedBlock, int] | None:
        """The block that holds a transaction, and its index there."""
        with self._lock:
            found = self._places.get(transaction_hash)
            return None if found is None else (self._blocks[found[0]], found[1])

    def state_at(self, number: int) -> Any:
        """py-evm's state after block `number`."""
        with self._lock:
            return self._chain.get_vm(self._blocks[number].header).state

    # Writing.

    def send(self, raw: bytes) -> str:
        """Mine a signed transaction; returns its hash.

        Raises:
            InvalidInput: not a transaction.
            ChainRejected: it may not be mined; worded as other clients do.
        """
        with self._lock:
            transaction = self._decode(raw)
            self._check(transaction)
            self._mine([transaction])
            return hexed(transaction.hash)

    def mine(self) -> None:
        """Mine an empty block."""
        with self._lock:
            self._mine([])

    def _decode(self, raw: bytes) -> Any:
        try:
            return self._chain.get_vm(self.head.header).get_transaction_builder().decode(raw)
        except Exception as error:  # noqa: BLE001 - rlp and py-evm raise many unrelated types
            raise InvalidInput(f"not a signed transaction: {error}") from None

    def _check(self, transaction: Any) -> None:
        if transaction.chain_id not in (self.chain_id, None):
            raise ChainRejected(f"invalid chain id: this is chain {self.chain_id}")
        if hexed(transaction.hash) in self._places:
            raise ChainRejected("already known")
        state = self.state_at(self.head.header.block_number)
        nonce = state.get_nonce(transaction.sender)
        if transaction.nonce != nonce:
            word = "low" if transaction.nonce < nonce else "high"
            raise ChainRejected(f"nonce too {word}: have {transaction.nonce}, want {nonce}")
        cost_wei = transaction.value + transaction.gas * transaction.max_fee_per_gas
        if state.get_balance(transaction.sender) < cost_wei:
            raise ChainRejected("insufficient funds for gas * price + value")

    def _mine(self, transactions: list[Any]) -> None:
        vm = self._chain.get_vm(self._next_header())
        vm.block_preprocessing(vm.get_block())
        try:
            header, receipts, _ = vm.apply_all_transactions(transactions, vm.get_header())
        except (ValidationError, VMError) as error:
            raise ChainRejected(str(error)) from None
        filled = vm.set_block_transactions_and_withdrawals(
            vm.get_block(), header, transactions, receipts
        )
        block = vm.mine_block(vm.block_postprocessing(filled)).block
        self._chain.chaindb.persist_block(block)
        mined = mined_block(block, receipts)
        for index, transaction in enumerate(mined.transactions):
            self._places[transaction["hash"]] = (block.number, index)
        self._blocks.append(mined)

    def _next_header(self) -> Any:
        parent = self.head.header
        timestamp = max(parent.timestamp, self._next_timestamp or self._clock())
        self._next_timestamp = None
        return self._pending_header(timestamp)

    def _pending_header(self, timestamp: int) -> Any:
        parent = self.head.header
        return self._chain.get_vm_class(parent).create_header_from_parent(
            parent,
            timestamp=timestamp,
            gas_limit=parent.gas_limit,
            coinbase=_NO_COINBASE,
            mix_hash=keccak(parent.hash),
        )

    def _clock(self) -> int:
        return int(self._now()) + self._time_offset_seconds

    # Simulating.

    def call(self, request: CallRequest, number: int | None = None) -> bytes:
        """What the call returns on the next block to be mined, or on block `number`.

        Raises:
            ExecutionReverted: the contract refuses.
        """
        return bytes(self._run(request, number, request.gas or GAS_LIMIT).output)

    def estimate_gas(self, request: CallRequest) -> int:
        """Enough gas for the call; a little more than it will use.

        Raises:
            ExecutionReverted: the contract refuses.
        """
        used = self._gas_used(request, request.gas or GAS_LIMIT)
        # A call leaves a 64th of the gas behind at each level; one try nearly always does.
        for margin_percent in (2, 8, 32, 128):
            limit = min(used + used * margin_percent // 100 + 1000, GAS_LIMIT)
            try:
                self._gas_used(request, limit)
            except (ExecutionReverted, ValidationError):
                continue
            return limit
        return GAS_LIMIT

    def _gas_used(self, request: CallRequest, gas: int) -> int:
        computation = self._run(request, None, gas)
        used = gas - int(computation.get_gas_remaining())
        return max(used, _floor_gas(request.data))

    def _run(self, request: CallRequest, number: int | None, gas: int) -> Any:
        with self._lock:
            state = self._simulation_state(number)
            builder = self._chain.get_vm(self.head.header).get_transaction_builder()
            unsigned = builder.new_unsigned_dynamic_fee_transaction(
                chain_id=self.chain_id,
                nonce=state.get_nonce(request.sender),
                max_priority_fee_per_gas=0,
                max_fee_per_gas=0,
                gas=gas,
                to=request.to,
                value=request.value_wei,
                data=request.data,
                access_list=(),
            )
            try:
                computation = state.apply_transaction(
                    SpoofTransaction(unsigned, from_=request.sender)
                )
            except ValidationError as error:
                raise ChainRejected(str(error)) from None
        if computation.is_error:
            raise _reverted(computation.error)
        return computation

    def _simulation_state(self, number: int | None) -> Any:
        if number is None:
            header = self._pending_header(max(self.head.header.timestamp, self._clock()))
        else:
            header = self._blocks[number].header
        vm = self._chain.get_vm(header.copy(base_fee_per_gas=0))
        if number is None:
            vm.block_preprocessing(vm.get_block())
        return vm.state

    # Playing with time and history, as Anvil and Hardhat do.

    def increase_time(self, seconds: int) -> int:
        """Move this chain's clock; returns how far it is ahead in all."""
        with self._lock:
            self._time_offset_seconds += seconds
            return self._time_offset_seconds

    def set_next_timestamp(self, timestamp: int) -> None:
        """The time of the next block."""
        with self._lock:
            self._next_timestamp = timestamp

    def snapshot(self) -> int:
        """Remember the head; returns the snapshot's number."""
        with self._lock:
            self._snapshots.append(len(self._blocks))
            return len(self._snapshots)

    def revert(self, snapshot: int) -> bool:
        """Make a remembered head the head again: a reorganisation."""
        with self._lock:
            if not 1 <= snapshot <= len(self._snapshots):
                return False
            length = self._snapshots[snapshot - 1]
            del self._snapshots[snapshot - 1 :], self._blocks[length:]
            self._places = {k: v for k, v in self._places.items() if v[0] < length}
            return True


def _new_chain(chain_id: int, account_count: int, timestamp: int) -> Any:
    accounts = {
        bytes.fromhex(development_account(i).address[2:]): _account(ACCOUNT_WEI)
        for i in range(account_count)
    }
    accounts[HISTORY_STORAGE_ADDRESS] = _account(0, HISTORY_STORAGE_CONTRACT_CODE, nonce=1)
    chain_class: Any = MiningChain.configure(
        "FallowDevChain", vm_configuration=((0, _Vm),), chain_id=chain_id
    )
    genesis = {
        "coinbase": _NO_COINBASE,
        "difficulty": POST_MERGE_DIFFICULTY,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "gas_limit": GAS_LIMIT,
        "timestamp": timestamp,
        "extra_data": b"",
    }
    return chain_class.from_genesis(AtomicDB(), genesis, accounts)


def _account(balance_wei: int, code: bytes = b"", nonce: int = 0) -> dict[str, object]:
    return {"balance": balance_wei, "nonce": nonce, "code": code, "storage": {}}


def _reverted(error: Exception) -> ExecutionReverted:
    if isinstance(error, Revert):
        data = error.args[0] if error.args and isinstance(error.args[0], bytes) else b""
        return ExecutionReverted("execution reverted", data)
    return ExecutionReverted(f"{type(error).__name__}: {error}", b"")


def _floor_gas(data: bytes) -> int:
    # EIP-7623: calldata has a price that the rest of the transaction's gas cannot undercut.
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))
