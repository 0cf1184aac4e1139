"""A blind re-run of one sampled task by a drawn verifier: commit first, reveal afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eth_abi import encode
from eth_utils import keccak

from protocol.typed_data import TypedMessage
from protocol.units import Address, Bytes32


@dataclass(frozen=True)
class AuditCommitment(TypedMessage):
    """A verifier binds itself to a digest before it may see the provider's."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("batchId", "bytes32"),
        ("leaseId", "bytes32"),
        ("task", "uint32"),
        ("commitment", "bytes32"),
    )

    batch_id: Bytes32
    lease_id: Bytes32
    task: int
    commitment: Bytes32


@dataclass(frozen=True)
class ToleranceCommitment(TypedMessage):
    """The same in a job whose results may differ a little. No contract knows it.

    A verifier that agrees signs the *provider's* digest in its result, which need not be the one
    that it is bound to here: as an AuditCommitment this would prove an equivocation.
    """

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = AuditCommitment.TYPE

    batch_id: Bytes32
    lease_id: Bytes32
    task: int
    commitment: Bytes32


@dataclass(frozen=True)
class AuditResult(TypedMessage):
    """The revealed digest: what a verifier is paid for. Mirrors types/AuditResult.sol."""

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("batchId", "bytes32"),
        ("leaseId", "bytes32"),
        ("task", "uint32"),
        ("taskDigest", "bytes32"),
        ("salt", "bytes32"),
    )

    batch_id: Bytes32
    lease_id: Bytes32
    task: int
    task_digest: Bytes32
    salt: Bytes32


def commitment(verifier: Address, digest: Bytes32, salt: Bytes32) -> Bytes32:
    """keccak(verifier, digest, salt): bound to its maker, so that it cannot be copied."""
    return Bytes32(keccak(encode(["address", "bytes32", "bytes32"], [verifier, digest, salt])))
