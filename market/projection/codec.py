"""Chain events as JSON, so that the projection can be made again without asking the chain."""

from __future__ import annotations

from typing import Any

from protocol.batch import Batch
from protocol.chain.events import ChainEvent
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.units import to_hex

_BYTES, _JOB, _LEASE, _BATCH = "0x", "job", "lease", "batch"


def encode(value: Any) -> Any:
    """A JSON value; big integers, bytes and structs as tagged pairs."""
    if isinstance(value, bytes):
        return [_BYTES, to_hex(value)]
    if isinstance(value, Job):
        return [_JOB, value.to_json()]
    if isinstance(value, LeaseResult):
        return [_LEASE, value.to_json()]
    if isinstance(value, Batch):
        return [_BATCH, value.to_json()]
    if isinstance(value, tuple | list):
        return ["list", [encode(item) for item in value]]
    return value


def decode(value: Any) -> Any:
    """What `encode` was given."""
    if not isinstance(value, list):
        return value
    tag, inner = value
    if tag == _BYTES:
        return bytes.fromhex(inner[2:])
    if tag == _JOB:
        return Job.from_json(inner)
    if tag == _LEASE:
        return LeaseResult.from_json(inner)
    if tag == _BATCH:
        return Batch.from_json(inner)
    return tuple(decode(item) for item in inner)


def to_row(event: ChainEvent) -> dict[str, Any]:
    """An event as a row of chain_events."""
    return {
        "block_number": event.block_number,
        "log_index": event.log_index,
        "block_hash": event.block_hash,
        "transaction_hash": event.transaction_hash,
        "timestamp": event.timestamp,
        "kind": event.kind,
        "args": {name: encode(value) for name, value in event.args.items()},
    }


def from_row(row: Any) -> ChainEvent:
    """The event of such a row."""
    return ChainEvent(
        kind=row["kind"],
        args={name: decode(value) for name, value in row["args"].items()},
        block_number=row["block_number"],
        block_hash=row["block_hash"],
        log_index=row["log_index"],
        transaction_hash=row["transaction_hash"],
        timestamp=row["timestamp"],
    )
