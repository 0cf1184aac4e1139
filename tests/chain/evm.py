"""The real contracts on py-evm, in this process and without transactions on a wire: quick.

Blocks are mined like the development chain's, but whoever acts needs no key, several act in one
block, and what a view answered is asked again only once a word that it read was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth.exceptions import Revert
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS
from eth.vm.spoof import SpoofTransaction

from protocol.chain.calls import Call
from protocol.chain.codec import artifact, codec
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import contract_address
from protocol.chain.devchain.blocks import mined_block
from protocol.chain.devchain.evm import DevChain, ExecutionReverted
from protocol.chain.facts import Deployment, Params
from protocol.chain.reverts import decode_revert
from protocol.sampling import Seat
from protocol.units import Address

_GAS = 90_000_000
_START = 1_800_000_000
# They also answer by the clock or by earlier blocks, which no word of storage tells.
_BY_TIME = frozenset({"statusOf", "seedOf", "valueAt"})
_Slot = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class _Answer:
    output: bytes
    reads: frozenset[_Slot]
    version: int


class Evm(DevChain):
    """A chain whose next block is open: what is done lies in it, and is seen at once.

    One that `forgets` has no history contract (EIP-2935), as older chains: it knows 256 blocks.
    """

    def __init__(self, *, forgets: bool = False) -> None:
        super().__init__(account_count=0, now=lambda: _START)
        self._vm: Any
        self._reads: set[_Slot] = set()
        self._writes: dict[_Slot, int] = {}
        self._version = 0
        self._answers: dict[tuple[str, bytes], _Answer] = {}
        self._open(_START + 1)
        if forgets:
            self._vm.state.set_code(HISTORY_STORAGE_ADDRESS, b"")

    @property
    def number(self) -> int:
        """The open block's number."""
        return int(self._vm.get_header().block_number)

    @property
    def timestamp(self) -> int:
        """The open block's time."""
        return int(self._vm.get_header().timestamp)

    def act(self, sender: Address, to: str, data: bytes) -> bytes:
        """Call a contract; returns its answer.

        Raises:
            ExecutionReverted: it refuses, in the words of its error.
        """
        self._version += 1
        computation = self._apply(sender, to, data)
        self._vm.state.lock_changes()
        if computation.is_error:
            if not isinstance(computation.error, Revert):
                raise AssertionError(f"the EVM gave up: {computation.error!r}")
            refusal = bytes(computation.output)
            raise ExecutionReverted(decode_revert(refusal), refusal)
        return bytes(computation.output)

    def look(self, to: str, data: bytes, *, is_timed: bool) -> bytes:
        """What a view answers in the open block."""
        known = self._answers.get((to, data))
        if known is not None and not is_timed and self._is_fresh(known):
            return known.output
        self._reads = set()
        computation = self._apply(Address("0x" + "ee" * 20), to, data)
        computation.raise_if_error()
        answer = _Answer(bytes(computation.output), frozenset(self._reads), self._version)
        self._answers[to, data] = answer
        return answer.output

    def pass_blocks(self, blocks: int, timestamp: int) -> None:
        """Close the open block and mine empty ones; the last opens at `timestamp`."""
        for left in reversed(range(blocks)):
            filled = self._vm.block_postprocessing(self._vm.get_block())
            block = self._vm.mine_block(filled).block
            self._chain.chaindb.persist_block(block)
            self._blocks.append(mined_block(block, ()))
            self._open(timestamp if left == 0 else self.timestamp)

    def _open(self, timestamp: int) -> None:
        header = self._pending_header(timestamp).copy(base_fee_per_gas=0)
        self._vm = self._chain.get_vm(header)
        self._vm.block_preprocessing(self._vm.get_block())
        state = self._vm.state
        read, write = state.get_storage, state.set_storage

        def get_storage(address: bytes, slot: int, from_journal: bool = True) -> Any:
            self._reads.add((address, slot))
            return read(address, slot, from_journal)

        def set_storage(address: bytes, slot: int, value: int) -> None:
            self._writes[address, slot] = self._version
            write(address, slot, value)

        state.get_storage, state.set_storage = get_storage, set_storage

    def _apply(self, sender: Address, to: str, data: bytes) -> Any:
        state = self._vm.state
        origin = bytes.fromhex(sender[2:])
        builder = self._vm.get_transaction_builder()
        unsigned = builder.new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain_id,
            nonce=state.get_nonce(origin),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=0,
            gas=_GAS,
            to=bytes.fromhex(to[2:]),
            value=0,
            data=data,
            access_list=(),
        )
        return state.apply_transaction(SpoofTransaction(unsigned, from_=origin))

    def _is_fresh(self, answer: _Answer) -> bool:
        return all(self._writes.get(slot, 0) <= answer.version for slot in answer.reads)


class EvmContracts(Contracts):
    """The views of a deployment on such a chain, and the calls that it takes."""

    def __init__(self, evm: Evm, deployment: Deployment) -> None:
        super().__init__(None, deployment)  # type: ignore[arg-type]
        self.evm = evm

    def send(self, sender: Address, call: Call) -> bytes:
        """Make a call; see `Evm.act`."""
        return self.evm.act(sender, call.to, call.data)

    def seats(self) -> tuple[Seat, ...]:
        """Every seat, held or not, by its id."""
        return tuple(Seat(*self.ask("Market", "seat", i)) for i in range(self.seat_count()))

    def intake_pause(self) -> tuple[int, int]:
        """Until when intake is paused, and from when it can be paused again."""
        until, again = self._view("Market", "intakePause")
        return int(until), int(again)

    def _view(self, contract: str, function: str, *arguments: Any) -> tuple[Any, ...]:
        data = _question(contract, function, arguments)
        is_timed = function in _BY_TIME
        return _understood(
            contract, function, self.evm.look(self._address(contract), data, is_timed=is_timed)
        )


@lru_cache(10_000)
def _question(contract: str, function: str, arguments: tuple[Any, ...]) -> bytes:
    return codec(contract).encode_call(function, *arguments)


@lru_cache(10_000)
def _understood(contract: str, function: str, answer: bytes) -> tuple[Any, ...]:
    return codec(contract).decode_answer(function, answer)


def deploy_on(
    evm: Evm, owner: Address, params: Params, guardian: Address, governor: Address
) -> EvmContracts:
    """The contracts, deployed in the order of `protocol.chain.deploy`; `owner` gets the tokens."""
    created = 0

    def create(name: str, *arguments: Any) -> Address:
        nonlocal created
        data = artifact(name).bytecode + codec(name).encode_constructor(*arguments)
        evm.act(owner, "0x", data)
        created += 1
        return contract_address(owner, created - 1)

    arbiter = contract_address(owner, 5)
    token = create("CreditToken", owner, 10**30)
    beacon = create("BlockhashBeacon")
    terms = create("Terms", params.values(), guardian, governor)
    annex = create("Annex", token, beacon, arbiter, terms)
    market = create("Market", token, beacon, arbiter, terms, annex)
    assert create("CommitteeArbiter", market) == arbiter
    deployment = Deployment(evm.chain_id, token, market, arbiter, beacon, evm.number)
    return EvmContracts(evm, deployment)
