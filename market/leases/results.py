"""Handing in a lease's results: checked against the bytes, then kept once."""

from __future__ import annotations

from market.leases.service import own_lease
from market.ports import BlobFiles, Clock
from market.principal import Principal
from market.store.blobs import BlobFacts
from market.store.records import LeaseRecord, ResultRecord
from market.store.unit import Store, Unit
from protocol.client.wire import LeaseResultRequest, TaskResult
from protocol.errors import BlobIncomplete, BlobTooLarge, InvalidInput, LeaseLost
from protocol.lease import LeaseResult
from protocol.result import Outcome, result_root
from protocol.spec import Spec
from protocol.typed_data import Domain, parse_signature
from protocol.units import Bytes32, ContentId


class LeaseResultService:
    """A 200 means: durable, and it will be committed."""

    def __init__(
        self,
        store: Store,
        files: BlobFiles,
        domain: Domain,
        clock: Clock,
        commit_grace_seconds: int,
    ) -> None:
        self._store = store
        self._files = files
        self._domain = domain
        self._clock = clock
        self._commit_grace_seconds = commit_grace_seconds

    def submit(self, who: Principal, lease_id: Bytes32, request: LeaseResultRequest) -> None:
        """Keep a signed lease result; the same one again changes nothing.

        Raises:
            LeaseLost: the lease ended, or was finished with another result.
            InvalidInput: the result is not this lease's, or its root not that of the outputs.
            BadSignature: not signed by the device's key.
            BlobIncomplete: an output was not uploaded.
            BlobTooLarge: an output is above the spec's limit.
        """
        result = LeaseResult.from_json(request.result)
        signature = parse_signature(request.signature)
        with self._store.read() as unit:
            lease = own_lease(unit, who, lease_id)
            if self._is_repeated(lease, result, signature):
                return
            results = self._check(unit, who, lease, result, request)
        result.require_signer(self._domain, signature, lease.device)
        self._files.keep({r.output_blob: r.size_bytes for r in results if r.output_blob})
        self._keep(lease, result, signature, Bytes32(request.lease_salt), results)

    def _is_repeated(self, lease: LeaseRecord, result: LeaseResult, signature: bytes) -> bool:
        if lease.ended_at is not None:
            why = f"{lease.fault}: {lease.end_reason}"
            raise LeaseLost(f"the lease is lost ({why}); drop its work")
        if lease.finished_at_ms is None:
            return False
        if lease.result == result and lease.signature == signature:
            return True
        raise LeaseLost("the lease is finished already, with another result")

    def _check(
        self,
        unit: Unit,
        who: Principal,
        lease: LeaseRecord,
        result: LeaseResult,
        request: LeaseResultRequest,
    ) -> list[ResultRecord]:
        job = unit.jobs.get(lease.job_id)
        chain = unit.jobs.on_chain(lease.job_id)
        assert job is not None
        ends_at = min(job.deadline, chain.cancelled_at or job.deadline) if chain else job.deadline
        if self._clock() > ends_at + self._commit_grace_seconds:
            raise LeaseLost("the job ended; its results can no longer be committed")
        outputs = [ContentId(t.output) for t in request.tasks if t.output is not None]
        blobs = unit.blobs.owned(outputs, who.names)
        results = _results(lease, request.tasks, blobs, job.parsed_spec)
        _require_same(lease, result, [r.digest for r in results], Bytes32(request.lease_salt))
        return results

    def _keep(
        self,
        lease: LeaseRecord,
        result: LeaseResult,
        signature: bytes,
        lease_salt: Bytes32,
        results: list[ResultRecord],
    ) -> None:
        now = self._clock()
        with self._store.write() as unit:
            if not unit.leases.finish(result, signature, lease_salt, int(now * 1000)):
                found = unit.leases.get(lease.lease_id)
                if found is not None and self._is_repeated(found, result, signature):
                    return  # the device lost patience and sent it twice: the other was quicker
                raise LeaseLost
            unit.results.add(results)
            unit.offers.succeeded(lease.device)
            data = {
                "lease_id": "0x" + lease.lease_id.hex(),
                "provider": lease.provider,
                "first_task": lease.first_task,
                "count": lease.count,
            }
            unit.feed.append("lease_finished", int(now), lease.job_id, data)


def _results(
    lease: LeaseRecord,
    tasks: list[TaskResult],
    blobs: dict[ContentId, BlobFacts],
    spec: Spec,
) -> list[ResultRecord]:
    wanted = list(range(lease.first_task, lease.first_task + lease.count))
    if [t.task for t in tasks] != wanted:
        raise InvalidInput(f"expected the results of tasks {wanted[0]} to {wanted[-1]}, in order")
    return [_result(lease, task, blobs, spec) for task in tasks]


def _result(
    lease: LeaseRecord, task: TaskResult, blobs: dict[ContentId, BlobFacts], spec: Spec
) -> ResultRecord:
    if (task.output is None) == (task.failure is None):
        raise InvalidInput(f"task {task.task} needs either an output or a failure")
    if task.output is None:
        digest = Outcome(failure=task.failure).digest
        return ResultRecord(lease.lease_id, task.task, None, task.failure, digest, 0)
    blob_id = ContentId(task.output)
    blob = blobs.get(blob_id)
    if blob is None:
        raise BlobIncomplete(f"the output of task {task.task} was not uploaded: {blob_id}")
    if blob.size_bytes > spec.limits.output_bytes:
        raise BlobTooLarge(f"the output of task {task.task} is above limits.output_bytes")
    return ResultRecord(
        lease.lease_id, task.task, blob_id, None, blob.outcome_digest, blob.size_bytes
    )


def _require_same(
    lease: LeaseRecord, result: LeaseResult, digests: list[Bytes32], lease_salt: Bytes32
) -> None:
    root = result_root(lease.lease_id, lease.first_task, digests, lease_salt)
    expected = LeaseResult(
        lease_id=lease.lease_id,
        job_id=lease.job_id,
        provider=lease.provider,
        first_task=lease.first_task,
        count=lease.count,
        amount=lease.count * lease.price_wei,
        result_root=root,
    )
    wanted = expected.message()
    for name, value in result.message().items():
        if value != wanted[name]:
            raise InvalidInput(f"the signed {name} is not that of the lease and its outputs")
