"""A provider whose device is the test: it takes leases, and hands in whatever it likes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_account.signers.local import LocalAccount

from protocol.batch import Batch
from protocol.client.client import MarketClient
from protocol.client.wire import LeaseGrant, LeaseResultRequest, OfferRequest, TaskResult
from protocol.lease import Lease, LeaseResult
from protocol.offer import RUNTIME_WASM, Offer
from protocol.result import Opening, Outcome, open_task, result_root
from protocol.units import Address, Bytes32, ContentId, content_id, to_hex
from tests.support.arena import WAIT_SECONDS, Arena, ask_of, memory_of
from tests.support.grinding import GRINDING, run_locally

SALT = Bytes32(b"\x77" * 32)
Lie = Callable[[int, bytes], Outcome]
"""What to answer for a task, given its number in the job and its input."""


@dataclass(frozen=True)
class Delivered:
    """A lease whose result stands on chain, with all that opens it."""

    batch: Batch
    line: int
    result: LeaseResult
    digests: tuple[Bytes32, ...]

    @property
    def batch_id(self) -> Bytes32:
        return self.batch.batch_id()

    @property
    def first(self) -> int:
        return self.result.first_task

    def opening(self, task: int) -> Opening:
        """What proves the provider's digest."""
        lease = self.result
        return open_task(lease.lease_id, lease.first_task, self.digests, SALT, task)


@dataclass
class Rogue:
    """Its wallet's key is its device's as well."""

    arena: Arena
    name: str
    tier: int
    ask_wei: int | None = None
    """Another price than its tier's."""

    @property
    def account(self) -> LocalAccount:
        return self.arena.key(self.name)

    @property
    def address(self) -> Address:
        return Address(self.account.address)

    @property
    def client(self) -> MarketClient:
        return self.arena.client(self.account)

    @property
    def price_wei(self) -> int:
        """What one of its tasks costs."""
        return GRINDING.limits.wall_seconds * (self.ask_wei or ask_of(self.tier))

    def enrol(self, stake_wei: int) -> None:
        """Stake, and put up an offer that only jobs of its own tier fit."""
        self.arena.person(self.name, max(1, stake_wei), stake_wei)
        self._offer()

    def take(self, seconds: float = WAIT_SECONDS) -> LeaseGrant:
        """The next lease."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            grant = self.client.lease(wait_seconds=2)
            if grant is not None:
                return grant
        raise AssertionError(f"{self.name} got no lease")

    def deliver(self, grant: LeaseGrant, lie: Lie) -> Delivered:
        """Answer by `lie`, and wait until that stands on chain."""
        lease, inputs = Lease.from_json(grant.lease), self.inputs(grant)
        outcomes = [lie(task, data) for task, data in zip(lease.tasks, inputs, strict=True)]
        result = self.hand_in(grant, outcomes)
        return self.committed(result, [outcome.digest for outcome in outcomes])

    def inputs(self, grant: LeaseGrant) -> list[bytes]:
        """The inputs of a lease's tasks, fetched like a device does."""
        folder = self.arena.folder / f"{self.name}-inputs"
        folder.mkdir(exist_ok=True)
        paths = [self._fetch(ContentId(blob), folder) for blob in grant.task_inputs]
        return [path.read_bytes() for path in paths]

    def hand_in(self, grant: LeaseGrant, outcomes: Sequence[Outcome]) -> LeaseResult:
        """Upload the outputs, sign the result, post it."""
        lease = Lease.from_json(grant.lease)
        result = self.signed_for(lease, [outcome.digest for outcome in outcomes])
        for outcome in outcomes:
            self.client.put_blob(outcome.output)
        tasks = [
            TaskResult(task=task, output=content_id(outcome.output))
            for task, outcome in zip(lease.tasks, outcomes, strict=True)
        ]
        request = LeaseResultRequest(
            result=result.to_json(),
            signature=to_hex(result.sign(self.client.domain, self.account)),
            lease_salt=SALT,
            tasks=tasks,
        )
        self.client.post_result(lease.lease_id, request)
        return result

    def signed_for(self, lease: Lease, digests: Sequence[Bytes32]) -> LeaseResult:
        """The result that its device signs."""
        return lease.result(result_root(lease.lease_id, lease.first_task, digests, SALT))

    def committed(self, result: LeaseResult, digests: Sequence[Bytes32]) -> Delivered:
        """The result as it stands on chain, once it does."""

        def has_it(batch: Batch) -> bool:
            return result.lease_id in {line.lease_id for line in batch.lines}

        event = self.arena.await_event("BatchCommitted", lambda e: has_it(e.args["batch"]))
        batch: Batch = event.args["batch"]
        line = [line.lease_id for line in batch.lines].index(result.lease_id)
        assert batch.result(line) == result
        return Delivered(batch, line, result, tuple(digests))

    def _fetch(self, blob: ContentId, folder: Path) -> Path:
        return self.client.fetch_blob(blob, folder / blob.removeprefix("sha256:"))

    def _offer(self) -> None:
        message = Offer(
            provider=self.address,
            device=self.address,
            runtimes=RUNTIME_WASM,
            cpu_millis=1000,
            memory_bytes=memory_of(self.tier),
            disk_bytes=1 << 20,
            ask_per_core_second=self.ask_wei or ask_of(self.tier),
            expires_at=int(time.time()) + 3600,
            nonce=1,
        )
        signature = to_hex(message.sign(self.client.domain, self.account))
        self.client.put_offer(OfferRequest(offer=message.to_json(), signature=signature))
        self.client.lease()  # whoever has asked for work is counted in quotes


def honestly(data: bytes) -> Outcome:
    """What the program gives for an input."""
    (outcome,) = run_locally(GRINDING, [data])
    return outcome
