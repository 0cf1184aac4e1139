"""Blind audits: the task first, a commitment second, the provider's digest only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from market.audits.draws import Draws
from market.ports import Clock
from market.principal import Principal
from market.store.records import AuditRecord, ChainLeaseRecord, JobRecord
from market.store.unit import Store, Unit
from protocol.audit import AuditCommitment, AuditResult, ToleranceCommitment, commitment
from protocol.bisection import GamePhase
from protocol.chain.contracts import Contracts
from protocol.client.wire import AuditGrant, AuditOutcome, AuditRequest, OpeningView
from protocol.errors import Conflict, Forbidden, InvalidInput, NotFound
from protocol.result import Opening, open_task
from protocol.sampling import Draw
from protocol.units import Address, Bytes32, ContentId


@dataclass(frozen=True, slots=True)
class Contested:
    """A committed task and its job."""

    lease: ChainLeaseRecord
    job: JobRecord
    task: int


class AuditService:
    """What verifiers call."""

    def __init__(
        self,
        store: Store,
        contracts: Contracts,
        draws: Draws,
        catch_up: Callable[[], None],
        window_seconds: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._contracts = contracts
        self._draws = draws
        self._catch_up = catch_up
        self._window_seconds = window_seconds
        self._clock = clock

    def grant(self, who: Principal, request: AuditRequest) -> AuditGrant:
        """The spec and input of a task, never its result.

        Raises:
            Forbidden: somebody else was drawn.
            NotFound: this market has no such committed task.
        """
        found = self._find(Bytes32(request.lease_id), Bytes32(request.batch_id), request.task)
        if request.dispute_id is None:
            self._require_drawn(who, found)
        else:
            self._require_member(who, found, request.dispute_id)
            self._share_state(who, found, request.dispute_id)
        with self._store.write() as unit:
            task = unit.tasks.get(found.job.job_id, found.task)
            assert task is not None
            for name in sorted(who.names):
                unit.audits.grant(name, found.job.job_id, found.task, int(self._clock()))
        return AuditGrant(spec=found.job.spec, task_input=task.input_blob)

    def commit(self, who: Principal, message: dict[str, Any], signature: bytes) -> OpeningView:
        """Keep a commitment, then open the provider's digest.

        In a job with a comparator it is a ToleranceCommitment, and the provider's output is the
        verifier's to fetch from then on.

        Raises:
            BadSignature: not the verifier's, or of the other kind of commitment.
            Forbidden: somebody else was drawn.
            Conflict: another commitment was made before, or the batch's window is over.
        """
        named = AuditCommitment.from_json(message)
        found = self._find(named.lease_id, named.batch_id, named.task)
        is_tolerant = found.job.parsed_spec.comparator is not None
        made = ToleranceCommitment.from_json(message) if is_tolerant else named
        made.require_signer(self._contracts.domain, signature, who.account)
        draw, peer = self._require_drawn(who, found)
        audit = AuditRecord(
            lease_id=made.lease_id,
            task=made.task,
            verifier=draw.holder,
            batch_id=made.batch_id,
            attempt=draw.attempt,
            peer=peer,
            commitment=made.commitment,
            committed_at=int(self._clock()),
            digest=None,
            salt=None,
            signature=None,
            agrees=None,
            claim_key=None,
            is_tolerant=is_tolerant,
        )
        with self._store.write() as unit:
            known = unit.audits.get(made.lease_id, made.task, draw.holder)
            if known is None:
                self._require_window(unit, found.lease)
                unit.audits.add(audit, signature)
            elif known.commitment != made.commitment:
                raise Conflict("another commitment was made for this audit before")
        # Only after the commit above: a digest must not leave before the commitment is durable.
        with self._store.read() as unit:
            opened = opening(unit, made.lease_id, made.task)
            output = output_of(unit, made.lease_id, made.task) if is_tolerant else None
            return opening_view(opened, output)

    def reveal(self, who: Principal, message: dict[str, Any], signature: bytes) -> AuditOutcome:
        """Keep a reveal; agreeing ones are paid by the keeper.

        In a job with a comparator, who agrees reveals the provider's digest, whatever its own is.

        Raises:
            NotFound: nothing was committed.
            InvalidInput: it is not what was committed.
            Conflict: another reveal was made before.
        """
        result = AuditResult.from_json(message)
        result.require_signer(self._contracts.domain, signature, who.account)
        with self._store.write() as unit:
            audit = _own_audit(unit, who, result)
            if audit is None or audit.batch_id != result.batch_id:
                raise NotFound("commit to this audit first")
            agrees = opening(unit, result.lease_id, result.task).digest == result.task_digest
            if not (agrees and audit.is_tolerant):
                _require_committed(audit, result)
            if audit.digest is None:
                unit.audits.reveal(audit.verifier, result, signature, agrees)
                self._tell(unit, result, audit.verifier, agrees)
            elif (audit.digest, audit.salt) != (result.task_digest, result.salt):
                raise Conflict("another result was revealed for this audit before")
        return AuditOutcome(agrees=agrees)

    def _tell(self, unit: Unit, result: AuditResult, verifier: Address, agrees: bool) -> None:
        # Not public before the window is over: a provider must not learn which task is audited.
        lease = unit.chain.lease(result.lease_id)
        data = {
            "lease_id": "0x" + result.lease_id.hex(),
            "task": result.task,
            "verifier": verifier,
            "agrees": agrees,
        }
        job_id = lease.job_id if lease else None
        unit.feed.append("audit_revealed", int(self._clock()), job_id, data, is_public=False)

    def _find(self, lease_id: Bytes32, batch_id: Bytes32, task: int) -> Contested:
        found = self._look_up(lease_id, batch_id, task)
        if found is None:
            self._catch_up()  # the verifier may have seen the batch before this market did
            found = self._look_up(lease_id, batch_id, task)
        if found is None:
            raise NotFound("this market has no such committed task")
        return found

    def _look_up(self, lease_id: Bytes32, batch_id: Bytes32, task: int) -> Contested | None:
        with self._store.read() as unit:
            lease = unit.chain.lease(lease_id)
            if lease is None or lease.batch_id != batch_id:
                return None
            job = unit.jobs.get(lease.job_id)
        is_inside = lease.first_task <= task < lease.first_task + lease.count
        return Contested(lease, job, task) if job is not None and is_inside else None

    def _require_window(self, unit: Unit, lease: ChainLeaseRecord) -> None:
        # Nothing can be contested any more, and digests that were held back may be public now.
        if unit.chain.head_at() > lease.committed_at + self._window_seconds:
            raise Conflict("the batch's window is over; there is nothing to audit any more")

    def _require_drawn(self, who: Principal, found: Contested) -> tuple[Draw, Address | None]:
        """The draw of `who`, and who else was drawn for the task."""
        draws = self._draws.verifiers_of(found.lease, found.job, found.task)
        by_holder = {draw.holder: draw for draw in draws}
        # By either name: anyone may call a drawn verifier a device of theirs, without its consent.
        name = next((name for name in _names(who) if name in by_holder), None)
        if name is None:
            raise Forbidden("this account was not drawn to audit that task")
        peers = [holder for holder in by_holder if holder != name]
        return by_holder[name], peers[0] if peers else None

    def _require_member(self, who: Principal, found: Contested, dispute_id: int) -> None:
        dispute = self._contracts.dispute(dispute_id)
        if dispute.lease_id != found.lease.lease_id or dispute.task != found.task:
            raise NotFound("that dispute is about another task")
        if who.names.isdisjoint(self._contracts.committee(dispute_id).members):
            raise Forbidden("this account is not a member of that dispute's committee")

    def _share_state(self, who: Principal, found: Contested, dispute_id: int) -> None:
        """Let a member see the state that it is to start from, if one of the parties has sent it.

        Only then: they could else agree on the digest of somebody's secret.
        """
        if self._contracts.game_times is None:
            return
        game = self._contracts.game(dispute_id)
        if game.phase is not GamePhase.NARROWED or game.low == 0:
            return
        dispute = self._contracts.dispute(dispute_id)
        with self._store.write() as unit:
            lease = unit.leases.get(found.lease.lease_id)
            parties = {dispute.provider, dispute.challenger}
            parties |= {lease.device} if lease else set()
            for name in sorted(who.names):
                unit.blobs.share(ContentId(f"sha256:{game.low_state.hex()}"), parties, name)


def _own_audit(unit: Unit, who: Principal, result: AuditResult) -> AuditRecord | None:
    found = (unit.audits.get(result.lease_id, result.task, name) for name in _names(who))
    return next((audit for audit in found if audit is not None), None)


def _names(who: Principal) -> tuple[Address, ...]:
    """Its own name first: the wallet may have been drawn too, and have called it a device."""
    return tuple(dict.fromkeys((who.account, who.wallet)))


def opening(unit: Unit, lease_id: Bytes32, task: int) -> Opening:
    """Open one task of a lease that this market keeps.

    Raises:
        NotFound: it does not.
    """
    lease = unit.leases.get(lease_id)
    if lease is None or lease.lease_salt is None:
        raise NotFound("this market keeps no results of that lease")
    digests = [result.digest for result in unit.results.of_lease(lease_id)]
    return open_task(lease_id, lease.first_task, digests, lease.lease_salt, task)


def output_of(unit: Unit, lease_id: Bytes32, task: int) -> ContentId | None:
    """The output that a lease has for a task; None: it failed."""
    results = unit.results.of_lease(lease_id)
    return next(result.output_blob for result in results if result.task == task)


def opening_view(opened: Opening, output: ContentId | None = None) -> OpeningView:
    """As it travels, with the output where it may be fetched."""
    return OpeningView(
        digest=opened.digest, salt=opened.salt, proof=list(opened.proof), output=output
    )


def _require_committed(audit: AuditRecord, result: AuditResult) -> None:
    if commitment(audit.verifier, result.task_digest, result.salt) != audit.commitment:
        raise InvalidInput("digest and salt are not those of the commitment")
