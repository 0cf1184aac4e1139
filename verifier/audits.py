"""One audit from the draw to its end, resumable at every step."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from protocol.audit import AuditCommitment, AuditResult, ToleranceCommitment, commitment
from protocol.client.audits import read_opening, read_output
from protocol.client.client import MarketClient
from protocol.client.wire import (
    AuditCommitmentRequest,
    AuditRequest,
    AuditResultRequest,
)
from protocol.errors import (
    ExecutorUnavailable,
    FallowError,
    Forbidden,
    NotFound,
)
from protocol.lease import LeaseResult
from protocol.result import Opening
from protocol.typed_data import TypedMessage
from protocol.units import Address, Bytes32, to_hex
from verifier.compare import Judgement, Tolerance, judge, settled_digest
from verifier.draws import AuditKey
from verifier.execution import WITHHELD, Rerun
from verifier.journal import Audit, JobNote, Journal, Step

MAX_RECHECKS = 3
NOT_DETERMINISTIC = "not_deterministic: two executions of its program here gave two results"
_log = logging.getLogger(__name__)


class Auditor:
    """Performs audits for `account`; one `perform` goes as far as it can."""

    def __init__(
        self,
        client: MarketClient,
        rerun: Rerun,
        journal: Journal,
        me: Address,
        sign: Callable[[TypedMessage], bytes],
    ) -> None:
        self._client = client
        self._rerun = rerun
        self._journal = journal
        self._me = me
        self._sign = sign

    def perform(self, audit: Audit, lease: LeaseResult, job: JobNote, *, is_late: bool) -> None:
        """Go on with `audit`; `is_late` once so little time is left that a refusal must count.

        Raises:
            FallowError: try again later from where the journal stands.
        """
        executed = self._executed(audit, job, is_late=is_late)
        if executed is None:
            return
        digest, salt = executed
        if self._journal.is_tolerant(job.spec_hash):
            self._compare(audit, lease, job, executed, is_late=is_late)
            return
        bound = AuditCommitment(*_place(audit.key), commitment(self._me, digest, salt))
        opening = audit.opening or self._opening(audit.key, bound, is_late=is_late)
        verdict = judge(digest, opening, lease, audit.key.task) if opening else None
        if verdict is not Judgement.AGREES:
            if not self._may_contest(audit.key, job, digest, verdict):
                return
            self._contest(audit.key, _objection(verdict, opening))
        if opening is None:
            return
        self._reveal(audit.key, digest, salt)
        if verdict is Judgement.AGREES:
            self._journal.set_step(audit.key, Step.REVEALED)
            _log.info("task %d of batch %s agrees", audit.key.task, to_hex(audit.key.batch_id))

    def _compare(
        self,
        audit: Audit,
        lease: LeaseResult,
        job: JobNote,
        own: tuple[Bytes32, Bytes32],
        *,
        is_late: bool,
    ) -> None:
        """Go on where a comparator decides: who is within tolerance agrees with the other's digest.

        An AuditCommitment to my own would prove an equivocation then.
        """
        key, (digest, salt) = audit.key, own
        bound = ToleranceCommitment(*_place(key), commitment(self._me, digest, salt))
        opening = audit.opening or self._opening(key, bound, is_late=is_late)
        verdict = judge(digest, opening, lease, key.task) if opening else None
        if opening is None or verdict is Judgement.UNPROVEN:
            self._contest(key, _objection(verdict, opening))
            return
        try:
            finding = self._tolerance(key, job, opening.digest)
        except WITHHELD as error:
            if not is_late:
                raise
            self._contest(key, f"the provider's output is withheld: {error.message}")
            return
        if finding is Tolerance.WITHIN:
            self._reveal(key, opening.digest, salt)
            self._journal.set_step(key, Step.REVEALED)
            _log.info("task %d of batch %s is within tolerance", key.task, to_hex(key.batch_id))
        elif finding is Tolerance.UNSURE:
            self._abandon(key, NOT_DETERMINISTIC)
        else:
            self._contest(key, "the provider's output is out of tolerance")
            self._reveal(key, digest, salt)

    def _tolerance(self, key: AuditKey, job: JobNote, digest: Bytes32) -> Tolerance:
        """Compare, and doubt my own execution before the provider's."""
        request, audit = _request(key), self._journal.audit(key)
        output = audit.output if audit else None
        if self._rerun.is_within(request, job, digest, output):
            return Tolerance.WITHIN
        is_sure = self._rerun.agrees_with_itself(request, job)
        return Tolerance.OUT if is_sure else Tolerance.UNSURE

    def close(self) -> None:
        """Ask the market nothing more; whoever waits for an answer fails now."""
        self._client.close()

    def _executed(
        self, audit: Audit, job: JobNote, *, is_late: bool
    ) -> tuple[Bytes32, Bytes32] | None:
        """My digest and its salt. None: what it takes is withheld, and that is contested."""
        if audit.digest is not None and audit.salt is not None:
            return audit.digest, audit.salt
        try:
            digest = self._rerun.digest(_request(audit.key), job)
            if self._rerun.is_tolerant(_request(audit.key), job):
                self._journal.add_tolerant(job.spec_hash)
        except ExecutorUnavailable as error:
            self._journal.set_step(audit.key, Step.ABANDONED, error.message)
            raise
        except WITHHELD as error:
            if not is_late:
                raise
            self._contest(audit.key, f"what it takes to run the task is withheld: {error.message}")
            return None
        salt = Bytes32(secrets.token_bytes(32))
        self._journal.set_executed(audit.key, digest, salt)
        return digest, salt

    def _opening(
        self, key: AuditKey, bound: AuditCommitment | ToleranceCommitment, *, is_late: bool
    ) -> Opening | None:
        """Commit, and get the opening. None: the market refuses it, and time runs out."""
        request = AuditCommitmentRequest(
            commitment=bound.to_json(), signature=to_hex(self._sign(bound))
        )
        try:
            view = self._client.commit_audit(request)
        except (NotFound, Forbidden):
            # At first it may only not have seen the draw yet.
            if is_late:
                return None
            raise
        opening = read_opening(view)
        self._journal.set_committed(key, opening, read_output(view))
        return opening

    def _may_contest(
        self, key: AuditKey, job: JobNote, digest: Bytes32, verdict: Judgement | None
    ) -> bool:
        """Whether what I found is certain enough to put a bond on it."""
        try:
            is_container = self._rerun.is_container(_request(key), job)
        except (NotFound, Forbidden):
            if verdict is Judgement.DIFFERS:
                raise
            # Only after a restart is it asked again. Who refuses everything has to be contested.
            is_container = False
        if is_container:
            return self._is_deterministic(key, job, digest)
        return verdict is not Judgement.DIFFERS or self._is_confirmed(key, job, digest)

    def _is_deterministic(self, key: AuditKey, job: JobNote, digest: Bytes32) -> bool:
        """Run a container's task once more: where its program is not deterministic nobody is wrong.

        If mine differ I abstain: no dispute, and no fee either.
        """
        if self._rerun.digest_again(_request(key), job) == digest:
            return True
        self._abandon(key, NOT_DETERMINISTIC)
        return False

    def _is_confirmed(self, key: AuditKey, job: JobNote, digest: Bytes32) -> bool:
        """Run the task again until one digest came twice; a flipped bit of mine ends the audit."""
        digests = [digest]
        for _ in range(MAX_RECHECKS):
            digests.append(self._rerun.digest(_request(key), job))
            settled = settled_digest(digests)
            if settled is not None:
                break
        else:
            settled = None
        if settled == digest:
            return True
        self._abandon(key, "this device does not compute the same twice; have its memory tested")
        return False

    def _abandon(self, key: AuditKey, reason: str) -> None:
        _log.error("task %d of batch %s: %s", key.task, to_hex(key.batch_id), reason)
        self._journal.set_step(key, Step.ABANDONED, reason)

    def _contest(self, key: AuditKey, reason: str) -> None:
        _log.warning("task %d of batch %s is contested: %s", key.task, to_hex(key.batch_id), reason)
        self._journal.set_step(key, Step.CONTESTED, reason)

    def _reveal(self, key: AuditKey, digest: Bytes32, salt: Bytes32) -> None:
        message = AuditResult(key.batch_id, key.lease_id, key.task, digest, salt)
        request = AuditResultRequest(
            result=message.to_json(), signature=to_hex(self._sign(message))
        )
        audit = self._journal.audit(key)
        try:
            self._client.post_audit_result(request)
        except FallowError as error:
            if audit is None or audit.step is not Step.CONTESTED:
                raise
            # The chain will judge a contested result, whatever the market knows of it.
            _log.info("the market did not take the contested result: %s", error.message)


def _objection(verdict: Judgement | None, opening: Opening | None) -> str:
    """What is wrong with a result that does not agree."""
    if opening is None:
        return "the market refuses to open the provider's result"
    if verdict is Judgement.UNPROVEN:
        return "the opening does not lead to the signed resultRoot"
    return f"the provider's digest is {to_hex(opening.digest)}"


def _place(key: AuditKey) -> tuple[Bytes32, Bytes32, int]:
    return key.batch_id, key.lease_id, key.task


def _request(key: AuditKey) -> AuditRequest:
    return AuditRequest(batch_id=key.batch_id, lease_id=key.lease_id, task=key.task)
