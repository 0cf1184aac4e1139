"""An execution: this device's attempt at one lease, from the grant to the signed result."""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from eth_account.signers.local import LocalAccount

from protocol.canonical import parse_json
from protocol.client.client import MarketClient
from protocol.client.wire import LeaseFailure, LeaseGrant, LeaseResultRequest, TaskResult
from protocol.errors import (
    BlobMismatch,
    BlobTooLarge,
    FallowError,
    NotDeterministic,
    SpecHashMismatch,
    WrongMarket,
)
from protocol.lease import Lease
from protocol.offer import Offer
from protocol.pricing import task_price_wei
from protocol.result import Outcome, failure_of, result_root
from protocol.spec import MAX_TASK_LIST_BYTES, Spec, decode_task_list
from protocol.typed_data import Domain
from protocol.units import Address, Bytes32, ContentId, content_id, parse_bytes32, to_hex
from protocol.verification import Custom
from provider.cache import BlobCache
from provider.canary import Canaries, Canary, Finding
from provider.executors.base import Executor, LeaseWork, executor_for
from provider.executors.comparison import Place, is_within
from provider.ledger import Ledger, Record

UPLOADS_AT_ONCE = 4
LONGEST_BEAT_SECONDS = 60
_log = logging.getLogger(__name__)


class Jobs(Protocol):
    """Where the chain's word about jobs comes from."""

    def spec_hash(self, job_id: Bytes32, give_up: threading.Event) -> Bytes32:
        """The spec hash that the job's requester signed.

        Raises:
            ChainUnavailable: it cannot be learnt now.
        """
        ...


@dataclass
class Standing:
    """The offer that stands: what the owner lets be used."""

    offer: Offer | None = None


@dataclass(frozen=True)
class Device:
    """Who works here, with what. Shared by every execution of a daemon."""

    market: MarketClient
    account: LocalAccount
    wallet: Address
    domain: Domain
    ask_per_core_second_wei: int
    executors: Sequence[Executor]
    cache: BlobCache
    ledger: Ledger
    jobs: Jobs
    scratch: Path
    canaries: Canaries
    standing: Standing = field(default_factory=Standing)

    @property
    def address(self) -> Address:
        """The device's own address."""
        return Address(self.account.address)


class Execution:
    """One lease on its way. Its steps are called in order, on any thread."""

    def __init__(self, device: Device, grant: LeaseGrant) -> None:
        self._device = device
        self.lease_id = parse_bytes32(grant.lease_id)
        self.heartbeat_seconds = min(max(grant.heartbeat_seconds, 1), LONGEST_BEAT_SECONDS)
        self.tasks_done = 0
        self.stop = threading.Event()
        self.closed = threading.Event()
        self._grant = grant
        self._resources = contextlib.ExitStack()
        self._outcomes: list[Outcome] = []
        self._work: LeaseWork | None = None
        self._signed_record: Record | None = None
        self.lease: Lease | None = None
        self.spec: Spec | None = None

    def fetch(self) -> None:
        """Check what was granted, and get everything that it needs onto this device.

        Raises:
            NotDeterministic: this device has found the job wanting before.
            FallowError: the grant is wrong, or something cannot be fetched.
        """
        lease, spec = self._check_grant()
        self._device.canaries.require_not_refuted(lease.job_id, spec)
        inputs = [ContentId(item) for item in self._grant.task_inputs]
        cache = self._device.cache
        blobs = [*spec.blobs, spec.task_list, *inputs]
        paths = self._resources.enter_context(cache.using(blobs))
        task_list, task_inputs = paths[len(spec.blobs)], paths[len(spec.blobs) + 1 :]
        _check_inputs(task_list, lease, inputs)
        scratch = Path(tempfile.mkdtemp(dir=self._device.scratch))
        self._resources.callback(shutil.rmtree, scratch, ignore_errors=True)
        self._work = _work(spec, lease.tasks, paths, task_inputs, scratch, self.stop)

    def execute(self) -> None:
        """Run the tasks in their sandbox; of a container job's first lease, one task twice.

        Raises:
            ExecutorUnavailable, ExecutionFailed, ExecutionStopped: see `Executor.run`.
            NotDeterministic: the two executions of that task differ.
        """
        assert self._work is not None  # fetched before
        assert self.lease is not None
        spec, job_id = self._work.spec, self.lease.job_id
        executor = executor_for(spec, self._device.executors)
        is_due = self._device.canaries.is_due(job_id, spec)
        canary = Canary(executor, self._work) if is_due else None
        outcomes = executor.run(self._work, self._count)
        if canary is not None:
            self._judge(canary, outcomes, job_id, spec)
        self._outcomes = outcomes

    def report(self) -> None:
        """Upload the outputs, keep a record, sign the result and hand it in.

        Raises:
            SpecHashMismatch: the market's spec is not the one that the job signed.
            LeaseLost: too late.
            FallowError: the market or the chain does not answer.
        """
        lease, spec = self.lease, self.spec
        assert lease is not None  # checked before
        assert spec is not None
        if self._device.jobs.spec_hash(lease.job_id, self.stop) != spec.hash:
            raise SpecHashMismatch("the market leased another spec than the job's requester signed")
        tasks = self._upload(lease)
        # Kept over attempts: a second one must sign exactly what a first one may have handed in.
        record = self._signed_record = self._signed_record or self._record(lease, spec)
        self._device.ledger.add(record)
        # It stays on record even if the market refuses it: who holds the signature can commit it.
        self._device.market.post_result(self.lease_id, self._signed(record, tasks))

    def give_back(self, code: str, detail: str) -> None:
        """Return the lease. A market that does not answer sees it expire."""
        give_back(self._device.market, self.lease_id, code, detail)

    def close(self) -> None:
        """Release the blobs and remove the scratch directory."""
        self.closed.set()
        self._resources.close()

    def _judge(
        self, canary: Canary, outcomes: Sequence[Outcome], job_id: Bytes32, spec: Spec
    ) -> None:
        """Compare, and remember what was found before anybody is told.

        Raises:
            NotDeterministic: the outcomes differ.
        """
        canaries = self._device.canaries
        try:
            canary.compare(outcomes)
        except NotDeterministic:
            canaries.note(job_id, spec, Finding.NOT_DETERMINISTIC)
            raise
        canaries.note(job_id, spec, Finding.PASSED)

    def _check_grant(self) -> tuple[Lease, Spec]:
        device = self._device
        lease, spec = Lease.from_json(self._grant.lease), Spec.from_json(self._grant.spec)
        self.lease, self.spec = lease, spec
        if lease.lease_id != self.lease_id or len(self._grant.task_inputs) != lease.count:
            raise WrongMarket("the market's grant contradicts itself")
        if (lease.provider, lease.device) != (device.wallet, device.address):
            raise WrongMarket("the market granted somebody else's lease")
        ask_wei = device.ask_per_core_second_wei
        price_wei = task_price_wei(ask_wei, spec.resources, spec.limits.wall_seconds)
        if lease.price_per_task < price_wei:
            raise WrongMarket("the market pays less than this device asks for")
        offer = device.standing.offer
        if offer and (not offer.fits(spec) or lease.count > offer.most_tasks(spec)):
            raise WrongMarket("the market granted more than this device offers")
        return lease, spec

    def _count(self, task: int, outcome: Outcome) -> None:
        self.tasks_done += 1
        if outcome.failure:
            _log.info("task %d: the program failed: %s", task, outcome.failure)

    def _upload(self, lease: Lease) -> list[TaskResult]:
        """Upload each distinct output once, and say what each task gave."""
        outputs = {o.output for o in self._outcomes if o.failure is None}
        with ThreadPoolExecutor(UPLOADS_AT_ONCE, "upload") as uploads:
            put = uploads.map(self._device.market.put_blob, outputs)
            names = dict(zip(outputs, put, strict=True))
        return [
            TaskResult(task=task, failure=outcome.failure)
            if outcome.failure is not None
            else TaskResult(task=task, output=names[outcome.output])
            for task, outcome in zip(lease.tasks, self._outcomes, strict=True)
        ]

    def _record(self, lease: Lease, spec: Spec) -> Record:
        return Record(
            lease=lease,
            spec=spec,
            task_inputs=tuple(ContentId(item) for item in self._grant.task_inputs),
            lease_salt=Bytes32(secrets.token_bytes(32)),
            digests=tuple(outcome.digest for outcome in self._outcomes),
            outputs=tuple(_output_of(o) for o in self._outcomes) if spec.comparator else (),
        )

    def _signed(self, record: Record, tasks: list[TaskResult]) -> LeaseResultRequest:
        lease = record.lease
        root = result_root(record.lease_id, lease.first_task, record.digests, record.lease_salt)
        result = lease.result(root)
        signature = result.sign(self._device.domain, self._device.account)
        return LeaseResultRequest(
            result=result.to_json(),
            signature=to_hex(signature),
            lease_salt=record.lease_salt,
            tasks=tasks,
        )


def give_back(market: MarketClient, lease_id: Bytes32, code: str, detail: str) -> None:
    """Return a lease, if the market still takes it."""
    try:
        market.post_failure(lease_id, LeaseFailure(code=code[:64], detail=detail[:2000]))
    except FallowError as error:
        _log.info("lease %s not returned: %s", to_hex(lease_id), error.message)


def _output_of(outcome: Outcome) -> ContentId | None:
    return content_id(outcome.output) if outcome.failure is None else None


def claimed_outcome(device: Device, record: Record, task: int) -> Outcome:
    """What this device claimed for a task of a job with a comparator; outputs are at the market.

    Raises:
        NotFound, BlobMismatch, MarketUnavailable: the market does not give it back.
    """
    failure, output = failure_of(record.digest_of(task)), record.output_of(task)
    if failure is not None or output is None:
        return Outcome(failure=failure)
    with device.cache.using([output]) as (path,):
        return Outcome(path.read_bytes())


def is_within_once(
    device: Device, spec: Spec, own: Outcome, claimed: Outcome, stop: threading.Event
) -> bool:
    """Compare two outcomes as the spec says, its custom comparator fetched if need be.

    Raises:
        FallowError: this device cannot tell now.
    """
    modules = [spec.comparator.module] if isinstance(spec.comparator, Custom) else []
    with device.cache.using(modules) as paths:
        place = Place(paths[0] if paths else None, device.scratch, stop)
        return is_within(spec, own, claimed, place)


def execute_once(device: Device, record: Record, task: int, stop: threading.Event) -> Outcome:
    """Execute one task of a record again, as an auditor would.

    Raises:
        FallowError: this device cannot tell now.
    """
    with single_task(device, record, task, stop) as work:
        executor = executor_for(record.spec, device.executors)
        return executor.run(work, lambda _task, _outcome: None)[0]


@contextlib.contextmanager
def single_task(
    device: Device, record: Record, task: int, stop: threading.Event
) -> Iterator[LeaseWork]:
    """One task of a record, ready to be executed again.

    Raises:
        FallowError: something that it needs cannot be had now.
    """
    spec = record.spec
    task_input = record.task_inputs[task - record.lease.first_task]
    with (
        device.cache.using([*spec.blobs, task_input]) as paths,
        tempfile.TemporaryDirectory(dir=device.scratch, ignore_cleanup_errors=True) as scratch,
    ):
        yield _work(spec, [task], paths, paths[-1:], Path(scratch), stop)


def _work(
    spec: Spec,
    tasks: Sequence[int],
    blobs: Sequence[Path],
    task_inputs: Sequence[Path],
    scratch: Path,
    stop: threading.Event,
) -> LeaseWork:
    """What to execute, `blobs` beginning with the files of `spec.blobs`."""
    shared = 1 + len(spec.shared_inputs)
    return LeaseWork(
        spec=spec,
        tasks=tasks,
        code=blobs[0],
        task_inputs=task_inputs,
        shared_inputs=blobs[1:shared],
        scratch=scratch,
        stop=stop,
        comparator=blobs[shared] if isinstance(spec.comparator, Custom) else None,
    )


def _check_inputs(task_list: Path, lease: Lease, inputs: list[ContentId]) -> None:
    """Hold the granted inputs against the job's own list, whose content the spec pins."""
    if task_list.stat().st_size > MAX_TASK_LIST_BYTES:
        raise BlobTooLarge("the job's task list is longer than any can be")
    data = task_list.read_bytes()
    listed = parse_json(data)
    count = len(listed) if isinstance(listed, list) else 0
    named = decode_task_list(data, count)[lease.first_task : lease.first_task + lease.count]
    if list(named) != inputs:
        raise BlobMismatch("the market named other inputs than the job's task list")
