"""What this device promised: a record of each result that it signed, kept until it is settled.

A record is on disk before its result leaves the device, so that after any crash the device can
open what it claimed, or concede it.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.errors import InvalidInput
from protocol.lease import Lease
from protocol.result import Opening, open_task
from protocol.spec import Spec
from protocol.units import Bytes32, ContentId, parse_bytes32, parse_content_id, to_hex


@dataclass(frozen=True)
class Record:
    """A lease, and the result that this device signed for it.

    `outputs` names each task's output, None for a failure, in jobs with a comparator: in a dispute
    the claimed output is compared. It is empty in exact ones, whose digests say everything.
    """

    lease: Lease
    spec: Spec
    task_inputs: tuple[ContentId, ...]
    lease_salt: Bytes32
    digests: tuple[Bytes32, ...]
    outputs: tuple[ContentId | None, ...] = ()

    @property
    def lease_id(self) -> Bytes32:
        """The lease's id."""
        return self.lease.lease_id

    def opening(self, task: int) -> Opening:
        """What opens this device's claim about `task`."""
        lease = self.lease
        return open_task(self.lease_id, lease.first_task, self.digests, self.lease_salt, task)

    def digest_of(self, task: int) -> Bytes32:
        """The claimed digest of `task`."""
        return self.digests[task - self.lease.first_task]

    def output_of(self, task: int) -> ContentId | None:
        """The claimed output of `task`; None: it failed, or this is an exact job."""
        return self.outputs[task - self.lease.first_task] if self.outputs else None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "lease": self.lease.to_json(),
            "spec": self.spec.to_json(),
            "task_inputs": list(self.task_inputs),
            "lease_salt": to_hex(self.lease_salt),
            "digests": [to_hex(digest) for digest in self.digests],
            "outputs": list(self.outputs),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Record:
        """Read what `to_json` wrote."""
        return cls(
            Lease.from_json(value["lease"]),
            Spec.from_json(value["spec"]),
            tuple(parse_content_id(item) for item in value["task_inputs"]),
            parse_bytes32(value["lease_salt"]),
            tuple(parse_bytes32(item) for item in value["digests"]),
            # Records of before there were comparators have none.
            tuple(item and parse_content_id(item) for item in value.get("outputs", [])),
        )


class Ledger:
    """Records and held leases in two directories, a file each. Thread-safe."""

    def __init__(self, root: Path) -> None:
        self._records = root / "results"
        self._held = root / "held"
        self._lock = threading.Lock()
        for directory in (root, self._records, self._held):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add(self, record: Record) -> None:
        """Keep a record, durably."""
        text = json.dumps(record.to_json())
        with self._lock:
            write_durably(self._records / f"{record.lease_id.hex()}.json", text)

    def get(self, lease_id: Bytes32) -> Record | None:
        """The record of a lease, if this device signed one that is not settled."""
        try:
            text = (self._records / f"{lease_id.hex()}.json").read_text()
            return Record.from_json(json.loads(text))
        except (FileNotFoundError, ValueError, KeyError, InvalidInput):
            return None

    def has(self, lease_id: Bytes32) -> bool:
        """Whether there is a record of that lease."""
        return (self._records / f"{lease_id.hex()}.json").exists()

    def remove(self, lease_id: Bytes32) -> None:
        """Forget a record: the lease is settled, or lost for good."""
        (self._records / f"{lease_id.hex()}.json").unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Whether nothing that this device signed is still open."""
        return next(self._records.glob("*.json"), None) is None

    def prune(self, before_seconds: float) -> None:
        """Forget records written before that time: their jobs ended without them."""
        for file in self._records.glob("*.json"):
            if file.stat().st_mtime < before_seconds:
                file.unlink(missing_ok=True)

    def hold(self, lease_id: Bytes32) -> None:
        """Note that a lease is held: after a crash it can be given back at once."""
        (self._held / lease_id.hex()).touch()

    def let_go(self, lease_id: Bytes32) -> None:
        """The lease is finished or given back."""
        (self._held / lease_id.hex()).unlink(missing_ok=True)

    def held(self) -> list[Bytes32]:
        """The leases that were held when the daemon last ended."""
        return [Bytes32(bytes.fromhex(file.name)) for file in self._held.iterdir()]


def write_durably(path: Path, text: str) -> None:
    """Replace a file's text: whole or not at all, and on disk when this returns."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
