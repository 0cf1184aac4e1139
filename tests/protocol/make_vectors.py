"""Writes `contracts/test/vectors.json`: what Python and Solidity must both compute.

Everything is fixed, so that the file changes only when the protocol does. Integers are decimal
text, bytes are 0x hex; a message is in its EIP-712 JSON form.

    python -m tests.protocol.make_vectors
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from protocol import merkle, pricing, result, sampling
from protocol.audit import AuditCommitment, AuditResult, commitment
from protocol.batch import Batch, JobRef, LeaseLine, Party
from protocol.delegation import Delegation
from protocol.job import Cancellation, Job
from protocol.lease import LeaseResult
from protocol.request import Request
from protocol.typed_data import Domain, TypedMessage, compact_signature, nonce_of
from protocol.units import ZERO_ADDRESS, ZERO_BYTES32, Address, Bytes32, to_hex

PATH = Path(__file__).parents[2] / "contracts" / "test" / "vectors.json"
DOMAIN = Domain(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
MAX_BYTES32 = Bytes32(b"\xff" * 32)
MAX_ADDRESS = Address("0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF")
MERKLE_SIZES = (*range(1, 10), 16, 33)
MAX_UINT16 = 2**16 - 1
MAX_UINT32 = 2**32 - 1
MAX_UINT40 = 2**40 - 1
MAX_UINT96 = 2**96 - 1
MAX_UINT256 = 2**256 - 1


def word(text: str) -> Bytes32:
    """A fixed 32-byte value with a name."""
    return Bytes32(keccak(text.encode()))


def key(name: str) -> LocalAccount:
    """A fixed account; its key is public, so it is worth nothing."""
    account: LocalAccount = Account.from_key(word(f"fallow vectors: {name}"))
    return account


REQUESTER, PROVIDER, DEVICE, OPERATOR, VERIFIER = (
    key(name) for name in ("requester", "provider", "device", "operator", "verifier")
)
TOKEN = Address("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512")


def jobs() -> list[TypedMessage]:
    """An ordinary job, and one at each end of every field."""
    return [
        Job(
            requester=Address(REQUESTER.address),
            operator=Address(OPERATOR.address),
            token=TOKEN,
            spec_hash=word("spec"),
            task_count=40,
            max_price_per_task=10**17,
            audit_budget=5 * 10**17,
            relayer_fee=10**16,
            not_before=1_700_000_000,
            deadline=1_700_003_600,
            nonce=7,
        ),
        Job(ZERO_ADDRESS, ZERO_ADDRESS, ZERO_ADDRESS, ZERO_BYTES32, 0, 0, 0, 0, 0, 0, 0),
        Job(
            requester=MAX_ADDRESS,
            operator=MAX_ADDRESS,
            token=MAX_ADDRESS,
            spec_hash=MAX_BYTES32,
            task_count=MAX_UINT32,
            max_price_per_task=MAX_UINT96,
            audit_budget=MAX_UINT96,
            relayer_fee=MAX_UINT96,
            not_before=MAX_UINT40,
            deadline=MAX_UINT40,
            nonce=MAX_UINT256,
        ),
    ]


def lease_results() -> list[TypedMessage]:
    """An ordinary result, and one at each end of every field."""
    return [
        LeaseResult(
            lease_id=word("lease"),
            job_id=word("job"),
            provider=Address(PROVIDER.address),
            first_task=8,
            count=4,
            amount=4 * 10**17,
            result_root=word("root"),
        ),
        LeaseResult(ZERO_BYTES32, ZERO_BYTES32, ZERO_ADDRESS, 0, 0, 0, ZERO_BYTES32),
        LeaseResult(
            lease_id=MAX_BYTES32,
            job_id=MAX_BYTES32,
            provider=MAX_ADDRESS,
            first_task=MAX_UINT32,
            count=MAX_UINT32,
            amount=MAX_UINT96,
            result_root=MAX_BYTES32,
        ),
    ]


def delegations() -> list[TypedMessage]:
    """As above."""
    return [
        Delegation(Address(PROVIDER.address), Address(DEVICE.address), 1_700_086_400, 3),
        Delegation(ZERO_ADDRESS, ZERO_ADDRESS, 0, 0),
        Delegation(MAX_ADDRESS, MAX_ADDRESS, MAX_UINT40, MAX_UINT256),
    ]


def audit_results() -> list[TypedMessage]:
    """As above."""
    return [
        AuditResult(word("batch"), word("lease"), 9, word("digest"), word("salt")),
        AuditResult(ZERO_BYTES32, ZERO_BYTES32, 0, ZERO_BYTES32, ZERO_BYTES32),
        AuditResult(MAX_BYTES32, MAX_BYTES32, MAX_UINT32, MAX_BYTES32, MAX_BYTES32),
    ]


def audit_commitments() -> list[TypedMessage]:
    """As above."""
    made = commitment(Address(VERIFIER.address), word("digest"), word("salt"))
    return [
        AuditCommitment(word("batch"), word("lease"), 9, made),
        AuditCommitment(ZERO_BYTES32, ZERO_BYTES32, 0, ZERO_BYTES32),
        AuditCommitment(MAX_BYTES32, MAX_BYTES32, MAX_UINT32, MAX_BYTES32),
    ]


def cancellations() -> list[TypedMessage]:
    """As above."""
    return [Cancellation(word("job")), Cancellation(ZERO_BYTES32), Cancellation(MAX_BYTES32)]


def requests() -> list[TypedMessage]:
    """As above; one calls with a few bytes, one with none, one with more than a word."""
    return [
        Request(
            from_=Address(REQUESTER.address),
            data=b"\x12\x34\x56\x78" + word("argument"),
            max_fee_wei=10**16,
            not_after=1_700_003_600,
            nonce=nonce_of(1, 5),
        ),
        Request(ZERO_ADDRESS, b"", 0, 0, 0),
        Request(MAX_ADDRESS, b"\xff" * 100, MAX_UINT96, MAX_UINT40, MAX_UINT256),
    ]


def signed(messages: Sequence[TypedMessage], account: LocalAccount) -> list[dict[str, Any]]:
    """Each message with its hashes and its signature by `account`, in both forms."""
    return [_signed(message, account) for message in messages]


def _signed(message: TypedMessage, account: LocalAccount) -> dict[str, Any]:
    signature = message.sign(DOMAIN, account)
    r, vs = compact_signature(signature)
    return {
        "message": message.to_json(),
        "structHash": to_hex(message.struct_hash()),
        "digest": to_hex(message.digest(DOMAIN)),
        "signature": to_hex(signature),
        "r": to_hex(r),
        "vs": to_hex(vs),
        "signer": account.address,
    }


def merkle_trees() -> list[dict[str, Any]]:
    """Every proof of trees of several sizes."""
    trees = []
    for size in MERKLE_SIZES:
        leaves = [merkle.leaf_hash(word(f"leaf {i}")) for i in range(size)]
        proofs = [[to_hex(step) for step in merkle.proof(leaves, i)] for i in range(size)]
        hashes = [to_hex(leaf) for leaf in leaves]
        trees.append({"leaves": hashes, "root": to_hex(merkle.root(leaves)), "proofs": proofs})
    return trees


def result_leaves() -> list[dict[str, str]]:
    """The hash of a task's leaf under a resultRoot."""
    cases = [
        (word("lease"), 8, word("digest"), word("salt")),
        (ZERO_BYTES32, 0, ZERO_BYTES32, ZERO_BYTES32),
        (MAX_BYTES32, MAX_UINT32, MAX_BYTES32, MAX_BYTES32),
    ]
    return [
        {
            "leaseId": to_hex(lease_id),
            "task": str(task),
            "digest": to_hex(digest),
            "salt": to_hex(salt),
            "leaf": to_hex(result.result_leaf(lease_id, task, digest, salt)),
        }
        for lease_id, task, digest, salt in cases
    ]


def result_roots() -> list[dict[str, Any]]:
    """Salted roots over a lease's digests, and each task's opening."""
    roots = []
    for first_task, count in ((0, 1), (8, 4), (1000, 5)):
        lease_id, lease_salt = word("lease"), word("lease salt")
        digests = [result.Outcome(f"output {i}".encode()).digest for i in range(count)]
        openings = [
            result.open_task(lease_id, first_task, digests, lease_salt, first_task + i)
            for i in range(count)
        ]
        roots.append(
            {
                "leaseId": to_hex(lease_id),
                "firstTask": str(first_task),
                "leaseSalt": to_hex(lease_salt),
                "digests": [to_hex(digest) for digest in digests],
                "salts": [to_hex(opening.salt) for opening in openings],
                "proofs": [[to_hex(step) for step in opening.proof] for opening in openings],
                "root": to_hex(result.result_root(lease_id, first_task, digests, lease_salt)),
            }
        )
    return roots


def batches() -> list[Batch]:
    """An ordinary batch, the smallest, and one at the upper end of every field."""
    one, two = sorted((word("job one"), word("job two")))
    ordinary = Batch(
        operator=Address(OPERATOR.address),
        jobs=(
            JobRef(one, Address(REQUESTER.address), 40),
            JobRef(two, Address(VERIFIER.address), 1_000_000),
        ),
        providers=(
            Party(Address(PROVIDER.address), 40 * 10**17),
            Party(Address(DEVICE.address), 0),
        ),
        lines=(
            LeaseLine(word("lease 0"), word("root 0"), 0, 0, 8, 4, 4 * 10**17),
            LeaseLine(word("lease 1"), word("root 1"), 1, 0, 0, 3, 10**17),
            LeaseLine(word("lease 2"), word("root 2"), 1, 1, 999_999, 1, 10**17),
        ),
    )
    smallest = Batch(
        ZERO_ADDRESS,
        (JobRef(ZERO_BYTES32, ZERO_ADDRESS, 0),),
        (Party(ZERO_ADDRESS, 0),),
        (LeaseLine(ZERO_BYTES32, ZERO_BYTES32, 0, 0, 0, 1, 0),),
    )
    largest = Batch(
        MAX_ADDRESS,
        (JobRef(MAX_BYTES32, MAX_ADDRESS, MAX_UINT32),) * 64,
        (Party(MAX_ADDRESS, MAX_UINT96),) * 64,
        (LeaseLine(MAX_BYTES32, MAX_BYTES32, 63, 63, MAX_UINT32, MAX_UINT16, MAX_UINT96),) * 64,
    )
    return [ordinary, smallest, largest]


def _batch(batch: Batch) -> dict[str, Any]:
    """A batch, its id, and what each line stands for."""
    return {
        "operator": batch.operator,
        "jobs": [
            {"jobId": to_hex(r.job_id), "requester": r.requester, "taskCount": str(r.task_count)}
            for r in batch.jobs
        ],
        "providers": [{"wallet": p.wallet, "stakeWei": str(p.stake_wei)} for p in batch.providers],
        "lines": [
            {
                "leaseId": to_hex(line.lease_id),
                "resultRoot": to_hex(line.result_root),
                "terms": str(line.terms),
                "result": batch.result(i).to_json(),
                "auditRatePpm": str(batch.audit_rate_ppm(i)),
            }
            for i, line in enumerate(batch.lines)
        ],
        "batchId": to_hex(batch.batch_id()),
    }


def commitments() -> list[dict[str, str]]:
    """What a verifier or a committee's member binds itself to."""
    cases = [
        (Address(VERIFIER.address), word("digest"), word("salt")),
        (ZERO_ADDRESS, ZERO_BYTES32, ZERO_BYTES32),
        (MAX_ADDRESS, MAX_BYTES32, MAX_BYTES32),
    ]
    return [
        {
            "verifier": verifier,
            "digest": to_hex(digest),
            "salt": to_hex(salt),
            "commitment": to_hex(commitment(verifier, digest, salt)),
        }
        for verifier, digest, salt in cases
    ]


def draws() -> list[dict[str, str]]:
    """How often a seed draws tasks: rates of both rounds, below one audit a task and above."""
    cases = [(word("seed"), word("lease"), t, r) for r in (300_000, 1_450_000) for t in range(16)]
    ends = (0, 1, 999_999, 10**6, 1_000_001, 1_100_000, 1_800_000, 2_000_000)
    cases += [(word("seed"), word("lease"), MAX_UINT32, rate) for rate in ends]
    cases += [(ZERO_BYTES32, ZERO_BYTES32, 0, 500_000), (MAX_BYTES32, MAX_BYTES32, 1, 500_000)]
    return [
        {
            "seed": to_hex(seed),
            "leaseId": to_hex(lease_id),
            "task": str(task),
            "ratePpm": str(rate),
            "rounds": str(sampling.audit_rounds(seed, lease_id, task, rate)),
        }
        for seed, lease_id, task, rate in cases
    ]


def seat_draws() -> list[dict[str, str]]:
    """Which seat an attempt draws for an audit."""
    cases = [(word("seed"), word("lease"), 8, attempt, 7) for attempt in range(6)]
    cases += [(word("seed"), word("lease"), task, 0, 1000) for task in (0, 9, MAX_UINT32)]
    cases += [(word("seed"), word("lease"), 8, attempt, 7) for attempt in range(63, 67)]
    cases += [(MAX_BYTES32, ZERO_BYTES32, 0, 127, count) for count in (1, 2, MAX_UINT32)]
    return [
        {
            "seed": to_hex(seed),
            "leaseId": to_hex(lease_id),
            "task": str(task),
            "attempt": str(attempt),
            "seatCount": str(count),
            "index": str(sampling.seat_index(seed, lease_id, task, attempt, count)),
        }
        for seed, lease_id, task, attempt, count in cases
    ]


def committee_draws() -> list[dict[str, str]]:
    """Which seat an attempt draws for a committee."""
    cases = [(word("seed"), 1, attempt, 7) for attempt in range(6)]
    cases += [(word("seed"), dispute_id, 0, 1000) for dispute_id in (0, 2, MAX_UINT256)]
    cases += [(MAX_BYTES32, 1, 63, count) for count in (1, 2, MAX_UINT32)]
    return [
        {
            "seed": to_hex(seed),
            "disputeId": str(dispute_id),
            "attempt": str(attempt),
            "seatCount": str(count),
            "index": str(sampling.committee_index(seed, dispute_id, attempt, count)),
        }
        for seed, dispute_id, attempt, count in cases
    ]


def rates() -> list[dict[str, str]]:
    """The audit rate from the money at risk: up to 180 % where there is no stake."""
    price = 10**17
    cases = [(price, stake * price // 10) for stake in (0, 1, 7, 8, 9, 10, 100, 390, 590, 10**6)]
    cases += [(price, 7 * price + 1), (price, 59 * price - 1), (1, 0), (1, 1), (0, 0), (0, 1)]
    cases += [(MAX_UINT96, MAX_UINT96), (MAX_UINT96, 0), (1, MAX_UINT96)]
    return [
        {
            "priceWei": str(price_wei),
            "stakeWei": str(stake_wei),
            "ratePpm": str(pricing.audit_rate_ppm(price_wei, stake_wei)),
        }
        for price_wei, stake_wei in cases
    ]


def fees() -> list[dict[str, str]]:
    """What an audit pays."""
    prices = (0, 1, 4, 5, 6, 10**17, 123_456_789_012_345_678, MAX_UINT96)
    return [{"priceWei": str(p), "feeWei": str(pricing.audit_fee_wei(p))} for p in prices]


def bonds() -> list[dict[str, str]]:
    """What a challenger puts down: by price, by the lease's pay, and at least so much."""
    least = 50 * 10**18
    prices = (0, 1, least // 15, least // 15 + 1, 10**19, MAX_UINT96)
    cases = [(price, price, least) for price in prices]
    cases += [(0, 0, 0), (1, 1, 0), (1, 1, 14), (1, 1, 15), (1, 1, 16), (0, 0, MAX_UINT96)]
    cases += [(1, amount, 0) for amount in (44, 45, 47, 48, 256, MAX_UINT96)]
    cases += [(1, amount, 16) for amount in (48, 50, 51)]
    cases += [(10**19, count * 10**19, least) for count in (20, 45, 46, 256)]
    return [
        {
            "priceWei": str(price_wei),
            "amountWei": str(amount_wei),
            "leastWei": str(least_wei),
            "bondWei": str(pricing.bond_wei(price_wei, amount_wei, least_wei)),
        }
        for price_wei, amount_wei, least_wei in cases
    ]


def vectors() -> dict[str, Any]:
    """The whole file."""
    return {
        "domain": {
            "chainId": str(DOMAIN.chain_id),
            "market": DOMAIN.market,
            "separator": to_hex(jobs()[0].signable(DOMAIN).header),
        },
        "jobs": signed(jobs(), REQUESTER),
        "leaseResults": signed(lease_results(), DEVICE),
        "delegations": signed(delegations(), PROVIDER),
        "auditResults": signed(audit_results(), VERIFIER),
        "auditCommitments": signed(audit_commitments(), VERIFIER),
        "cancellations": signed(cancellations(), REQUESTER),
        "requests": signed(requests(), REQUESTER),
        "merkle": merkle_trees(),
        "resultLeaves": result_leaves(),
        "resultRoots": result_roots(),
        "batches": [_batch(batch) for batch in batches()],
        "commitments": commitments(),
        "draws": draws(),
        "seatDraws": seat_draws(),
        "committeeDraws": committee_draws(),
        "rates": rates(),
        "fees": fees(),
        "bonds": bonds(),
    }


def text() -> str:
    """The file's text."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
