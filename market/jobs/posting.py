"""A signed job is checked to the last blob, stored, and only then relayed to the chain."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError

from market.accounts.intake import Intake
from market.ports import BlobFiles, Clock
from market.principal import Principal
from market.store.blobs import BlobFacts
from market.store.unit import Store, Unit
from protocol.chain.contracts import Contracts
from protocol.errors import (
    BlobIncomplete,
    Forbidden,
    InsufficientFunds,
    InvalidInput,
    InvalidSpec,
    NonceUsed,
    SpecHashMismatch,
)
from protocol.job import Job
from protocol.spec import Spec, decode_task_list
from protocol.typed_data import epoch_of
from protocol.units import Address, Bytes32, ContentId, to_hex

MAX_ENTRY_BYTES = 80
"""Of a task list: a quoted content id, a comma, and the brackets' share."""


class JobPosting:
    """One user action: post a job."""

    def __init__(
        self,
        store: Store,
        files: BlobFiles,
        contracts: Contracts,
        intake: Intake,
        operator: Address,
        relayer_fee_wei: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._files = files
        self._contracts = contracts
        self._intake = intake
        self._operator = operator
        self._relayer_fee_wei = relayer_fee_wei
        self._clock = clock

    def post(
        self, who: Principal, message: dict[str, Any], signature: bytes, spec_json: dict[str, Any]
    ) -> Bytes32:
        """Store a job and put its relay into the outbox; the same job again changes nothing.

        Raises:
            InvalidInput, InvalidSpec, SpecHashMismatch, DeadlinePassed, WrongMarket: see there.
            BadSignature: not signed by its requester for this market.
            Forbidden: somebody else's job.
            BlobIncomplete: a blob it names was not uploaded by its requester.
            IntakePaused: the chain takes no new money now.
            NonceUsed: the requester has posted another job with that nonce, or has voided all
                nonces of its epoch.
            InsufficientFunds: the requester's balance does not cover it.
        """
        job, now = Job.from_json(message), int(self._clock())
        job_id = job.job_id(self._contracts.domain)
        job.require_signer(self._contracts.domain, signature, job.requester)
        if job.requester != who.account:
            raise Forbidden("a job is posted by its requester")
        if self._is_known(job_id):
            return job_id
        self._check(job, now)
        spec = Spec.from_json(spec_json)
        if spec.hash != job.spec_hash:
            raise SpecHashMismatch(f"the job signs {to_hex(job.spec_hash)}, not this spec")
        inputs = self._require_blobs(who, job, spec)
        self._require_account(job)
        try:
            with self._store.write() as unit:
                self._store_job(unit, job_id, job, signature, spec, inputs, now)
        except IntegrityError:
            if not self._is_known(job_id):
                self._require_fresh_nonce(job)
                raise
        return job_id

    def _is_known(self, job_id: Bytes32) -> bool:
        with self._store.read() as unit:
            return unit.jobs.get(job_id) is not None

    def _check(self, job: Job, now: int) -> None:
        job.check(self._operator, self._contracts.deployment.token, now)
        if job.relayer_fee < self._relayer_fee_wei:
            raise InvalidInput(f"this market relays for a relayerFee of {self._relayer_fee_wei}")
        self._intake.require_open()

    def _require_blobs(self, who: Principal, job: Job, spec: Spec) -> tuple[ContentId, ...]:
        """All blobs must come from the requester: naming a digest must not give access to it."""
        with self._store.read() as unit:
            shared = unit.blobs.owned({*spec.blobs, spec.task_list}, who.names)
        _require_all({*spec.blobs, spec.task_list}, shared)
        self._keep(shared)
        if shared[spec.task_list].size_bytes > MAX_ENTRY_BYTES * job.task_count:
            raise InvalidSpec(f"the task list is too long for {job.task_count} tasks")
        task_list = self._files.path(spec.task_list).read_bytes()
        inputs = decode_task_list(task_list, job.task_count)
        with self._store.read() as unit:
            own = unit.blobs.owned(inputs, who.names)
        _require_all(set(inputs), own)
        self._keep(own)
        return inputs

    def _keep(self, blobs: dict[ContentId, BlobFacts]) -> None:
        self._files.keep({blob: facts.size_bytes for blob, facts in blobs.items()})

    def _require_account(self, job: Job) -> None:
        """What the chain would ask of the requester's account."""
        facts = self._contracts.account(job.requester)
        if epoch_of(job.nonce) != facts.epoch:
            raise NonceUsed(
                f"the first byte of the job's nonce must be {facts.epoch}, its requester's epoch;"
                " sign a new one"
            )
        with self._store.read() as unit:
            free_wei = facts.balance_wei - unit.jobs.pending_wei(job.requester)
        if free_wei < job.total_wei:
            raise InsufficientFunds(
                f"the job can cost {job.total_wei} wei, the free balance is {max(0, free_wei)} wei:"
                " deposit more credits"
            )

    def _require_fresh_nonce(self, job: Job) -> None:
        with self._store.read() as unit:
            if unit.jobs.has_nonce(job.requester, job.nonce):
                raise NonceUsed("you have posted another job with this nonce")

    def _store_job(
        self,
        unit: Unit,
        job_id: Bytes32,
        job: Job,
        signature: bytes,
        spec: Spec,
        inputs: tuple[ContentId, ...],
        now: int,
    ) -> None:
        unit.jobs.add(_row(job_id, job, signature, spec, now))
        unit.blobs.add_to_job(job_id, (*spec.blobs, spec.task_list))
        unit.tasks.add(job_id, inputs)
        call = self._contracts.open_job(job, signature)
        unit.relays.add(f"open-job:{to_hex(job_id)}", call, now)
        unit.feed.append("job_posted", now, job_id, {"tasks": job.task_count})


def _require_all(wanted: set[ContentId], found: dict[ContentId, Any]) -> None:
    missing = sorted(wanted - set(found))
    if missing:
        raise BlobIncomplete(f"{len(missing)} blobs must be uploaded first, {missing[0]} for one")


def _row(job_id: Bytes32, job: Job, signature: bytes, spec: Spec, now: int) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "requester": job.requester,
        "message": job.to_json(),
        "signature": signature,
        "spec": spec.to_json(),
        "label": spec.label,
        "task_count": job.task_count,
        "max_price_wei": job.max_price_per_task,
        "audit_budget_wei": job.audit_budget,
        "total_wei": job.total_wei,
        "not_before": job.not_before,
        "deadline": job.deadline,
        "nonce": job.nonce,
        "created_at": now,
    }
