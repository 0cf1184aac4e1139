"""A task's outcome, its digest, and the salted tree that a provider commits to.

An outcome is an output or a *deterministic* failure of the program (it trapped, ran out of fuel,
wrote too much): anyone who re-runs the task gets the same one, so both can be audited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak

from protocol import merkle
from protocol.errors import InvalidInput
from protocol.units import Bytes32

OUTPUT_PREFIX = b"\x00"
FAILURE_PREFIX = b"\x01"
FAILURE_CODES = frozenset(
    {"trap", "exit_code", "fuel_exhausted", "memory_exceeded", "output_exceeded", "bad_module"}
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What running a task gave: `output` bytes, or a failure `code` (then output is empty)."""

    output: bytes = b""
    failure: str | None = None

    def __post_init__(self) -> None:
        if self.failure is not None and (self.failure not in FAILURE_CODES or self.output):
            raise InvalidInput(f"not a failure's code: {self.failure!r}")

    @property
    def digest(self) -> Bytes32:
        """resultHash: SHA-256 over a prefix byte and the output or the failure's code."""
        if self.failure is None:
            return Bytes32(hashlib.sha256(OUTPUT_PREFIX + self.output).digest())
        return Bytes32(hashlib.sha256(FAILURE_PREFIX + self.failure.encode()).digest())


def failure_of(digest: Bytes32) -> str | None:
    """The failure whose digest this is; None: it is an output's."""
    return next((code for code in FAILURE_CODES if Outcome(failure=code).digest == digest), None)


@dataclass(frozen=True, slots=True)
class Opening:
    """One task's leaf under a resultRoot, with its salt and its path."""

    digest: Bytes32
    salt: Bytes32
    proof: tuple[Bytes32, ...]

    def matches(
        self, lease_id: Bytes32, first_task: int, count: int, task: int, root: Bytes32
    ) -> bool:
        """Whether this opens `task` of the lease under `root`."""
        leaf = result_leaf(lease_id, task, self.digest, self.salt)
        return merkle.verify(leaf, task - first_task, count, self.proof, root)


def task_salt(lease_salt: Bytes32, task: int) -> Bytes32:
    """The salt of one leaf, so that opening one leaf tells nothing of the others."""
    return Bytes32(keccak(encode(["bytes32", "uint32"], [lease_salt, task])))


def result_leaf(lease_id: Bytes32, task: int, digest: Bytes32, salt: Bytes32) -> Bytes32:
    """The hash of one task's leaf."""
    words = encode(["bytes32", "uint32", "bytes32", "bytes32"], [lease_id, task, digest, salt])
    return merkle.leaf_hash(words)


def result_root(
    lease_id: Bytes32, first_task: int, digests: Sequence[Bytes32], lease_salt: Bytes32
) -> Bytes32:
    """The salted root over a lease's digests, in task order.

    Raises:
        InvalidInput: no digests.
    """
    return merkle.root(_leaves(lease_id, first_task, digests, lease_salt))


def open_task(
    lease_id: Bytes32, first_task: int, digests: Sequence[Bytes32], lease_salt: Bytes32, task: int
) -> Opening:
    """The opening of `task`.

    Raises:
        InvalidInput: the lease has no such task.
    """
    index = task - first_task
    path = merkle.proof(_leaves(lease_id, first_task, digests, lease_salt), index)
    return Opening(digests[index], task_salt(lease_salt, task), path)


def _leaves(
    lease_id: Bytes32, first_task: int, digests: Sequence[Bytes32], lease_salt: Bytes32
) -> list[Bytes32]:
    return [
        result_leaf(lease_id, task, digest, task_salt(lease_salt, task))
        for task, digest in enumerate(digests, first_task)
    ]
