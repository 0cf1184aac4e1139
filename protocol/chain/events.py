"""Reads what happened on chain, in order, each event once, also across reorganisations.

The reader holds no state: the cursor does. Save a page's cursor together with what you did with
its events (one database transaction), and nothing is ever lost or done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from protocol.batch import Batch
from protocol.chain.codec import Entry, EventShape, codec
from protocol.chain.connection import quantity, rpc, rpc_batch
from protocol.chain.facts import Deployment
from protocol.errors import ChainUnavailable, InvalidInput
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.typed_data import snake_case
from protocol.units import Bytes32, parse_bytes32, parse_uint, to_hex

if TYPE_CHECKING:
    from web3 import Web3

MAX_MARKS = 64


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One event of the market or its arbiter, e.g. kind `JobOpened`.

    `args` has snake_case names; addresses are checksummed, bytes32 raw bytes, lists tuples, and
    structs the protocol's `Job`, `LeaseResult` and `Batch`.
    """

    kind: str
    args: dict[str, Any]
    block_number: int
    block_hash: Bytes32
    log_index: int
    transaction_hash: Bytes32
    timestamp: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A block that was read, by its hash: when the hash changes, the chain was reorganised."""

    block_number: int
    block_hash: Bytes32


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far was read. `marks` are in rising order; the last is the last block read."""

    marks: tuple[Mark, ...]

    def to_json(self) -> list[list[int | str]]:
        """As JSON values."""
        return [[mark.block_number, to_hex(mark.block_hash)] for mark in self.marks]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: not such a list.
        """
        pairs: list[Any] = value if isinstance(value, list) else [None]
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise InvalidInput("a cursor is a list of [block number, block hash]")
        return cls(tuple(Mark(parse_uint(n, 64), parse_bytes32(h)) for n, h in pairs))

    def after(self, mark: Mark) -> Cursor:
        """This cursor moved on to `mark`; of old marks every second one is let go."""
        kept = [m for m in self.marks if m.block_number < mark.block_number]
        if len(kept) >= MAX_MARKS:
            half = len(kept) // 2
            kept = kept[:half:2] + kept[half:]
        return Cursor((*kept, mark))


@dataclass(frozen=True, slots=True)
class Page:
    """What one poll found.

    When `rollback_to` is not None, first forget all events in blocks above it (a reorganisation
    took them back). `is_caught_up` tells that no further block waits to be read now.
    """

    rollback_to: int | None
    events: tuple[ChainEvent, ...]
    cursor: Cursor
    is_caught_up: bool = True


class EventReader:
    """Reads the events of one deployment, `confirmations` blocks behind the chain's head."""

    def __init__(self, web3: Web3, deployment: Deployment, confirmations: int = 0) -> None:
        self._web3 = web3
        self._confirmations = confirmations
        self._first_block = deployment.deployed_block
        self._addresses = [deployment.market, deployment.arbiter]
        self._shapes = codec("BisectionArbiter").events | codec("Market").events

    def poll(self, cursor: Cursor | None, max_blocks: int = 500) -> Page:
        """Read up to `max_blocks` blocks after `cursor` (None: from the deployment on).

        Raises:
            ChainUnavailable: the endpoint does not answer; poll again with the same cursor.
        """
        before = cursor or Cursor(())
        head = quantity(rpc(self._web3, "eth_blockNumber")) - self._confirmations
        first = before.marks[-1].block_number + 1 if before.marks else self._first_block
        last = min(head, first + max_blocks - 1)
        if last >= first:
            return self._read(before, first, last, is_caught_up=last == head)
        if before.marks and self._hash_of(before.marks[-1].block_number) != _last_hash(before):
            return self._rolled_back(before)
        return Page(None, (), before)

    def _read(self, before: Cursor, first: int, last: int, *, is_caught_up: bool) -> Page:
        last_block = ("eth_getBlockByNumber", [hex(last), False])
        first_block = ("eth_getBlockByNumber", [hex(first), False])
        logs = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        one, start, found, two = rpc_batch(
            self._web3, [last_block, first_block, ("eth_getLogs", [logs]), last_block]
        )
        if one is None or start is None or two is None or one["hash"] != two["hash"]:
            # The chain moved under our hands, or this endpoint lags behind the last one.
            return Page(None, (), before, is_caught_up=False)
        if before.marks and parse_bytes32(start["parentHash"]) != _last_hash(before):
            return self._rolled_back(before)
        known = [log for log in found if not log.get("removed") and self._shape(log) is not None]
        times = self._timestamps(known, {one["hash"]: one["timestamp"]})
        events = tuple(self._event(log, times[log["blockHash"]]) for log in known)
        mark = Mark(last, parse_bytes32(one["hash"]))
        return Page(None, events, before.after(mark), is_caught_up)

    def _rolled_back(self, before: Cursor) -> Page:
        marks = before.marks[:-1]
        while marks and self._hash_of(marks[-1].block_number) != marks[-1].block_hash:
            marks = marks[:-1]
        good = marks[-1].block_number if marks else self._first_block - 1
        return Page(good, (), Cursor(marks), is_caught_up=False)

    def _hash_of(self, block_number: int) -> bytes | None:
        block = rpc(self._web3, "eth_getBlockByNumber", hex(block_number), False)
        return None if block is None else parse_bytes32(block["hash"])

    def _timestamps(self, logs: list[Any], known: dict[str, str]) -> dict[str, int]:
        times = known | {log["blockHash"]: log.get("blockTimestamp") for log in logs}
        missing = [block for block, time in times.items() if time is None]
        requests = [("eth_getBlockByHash", [block, False]) for block in missing]
        for block, answer in zip(missing, rpc_batch(self._web3, requests), strict=True):
            if answer is None:
                raise ChainUnavailable(f"block {block} was reorganised away while it was read")
            times[block] = answer["timestamp"]
        return {block: quantity(time) for block, time in times.items()}

    def _shape(self, log: Mapping[str, Any]) -> EventShape | None:
        return self._shapes.get(parse_bytes32(log["topics"][0])) if log["topics"] else None

    def _event(self, log: Mapping[str, Any], timestamp: int) -> ChainEvent:
        shape = self._shapes[parse_bytes32(log["topics"][0])]
        topics = [parse_bytes32(topic) for topic in log["topics"]]
        values = shape.decode(list(topics), bytes.fromhex(log["data"].removeprefix("0x")))
        return ChainEvent(
            kind=shape.name,
            args={snake_case(i["name"]): as_struct(i, values[i["name"]]) for i in shape.inputs},
            block_number=quantity(log["blockNumber"]),
            block_hash=parse_bytes32(log["blockHash"]),
            log_index=quantity(log["logIndex"]),
            transaction_hash=parse_bytes32(log["transactionHash"]),
            timestamp=timestamp,
        )


def as_struct(entry: Entry, value: Any) -> Any:
    """A decoded tuple as the protocol's type of the same name, lists of them included."""
    kind = str(entry.get("internalType", "")).removeprefix("struct ")
    if kind.endswith("[]"):
        inner = {**entry, "internalType": entry["internalType"][:-2]}
        return tuple(as_struct(inner, item) for item in value)
    if kind == "Job":
        return Job(*value)
    if kind == "LeaseResult":
        return LeaseResult(*value)
    if kind == "Batch":
        return Batch.from_values(value)
    return value


def _last_hash(cursor: Cursor) -> bytes:
    return cursor.marks[-1].block_hash
