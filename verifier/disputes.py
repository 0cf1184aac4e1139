"""What a verifier does about disputes: opens its own, serves on committees, runs the errands."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable

from protocol.audit import ToleranceCommitment, commitment
from protocol.chain.bonds import bond_shortage
from protocol.chain.contracts import Call, Contracts
from protocol.chain.sender import Mined, Rejected, Sender
from protocol.chain.view import Case, OpenBatch
from protocol.client.audits import read_opening, read_output
from protocol.client.client import MarketClient
from protocol.client.wire import AuditCommitmentRequest, AuditRequest
from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE
from protocol.errors import (
    ChainRejected,
    ChainUnavailable,
    Conflict,
    FallowError,
    InvalidInput,
)
from protocol.result import Opening
from protocol.typed_data import TypedMessage
from protocol.units import Address, Bytes32, ContentId, to_hex
from verifier.casework import Move
from verifier.draws import AuditKey
from verifier.execution import WITHHELD, Rerun
from verifier.journal import Ballot, JobNote, Journal, Step

PAUSE_SECONDS = 1.0
NOT_THE_CLAIM = "the market's opening does not lead to the signed resultRoot"
_log = logging.getLogger(__name__)


class Disputant:
    """Sends the transactions of disputes, each once, and again only when it was refused."""

    def __init__(
        self,
        contracts: Contracts,
        sender: Sender,
        client: MarketClient,
        rerun: Rerun,
        journal: Journal,
        sign: Callable[[TypedMessage], bytes],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._contracts = contracts
        self._sender = sender
        self._client = client
        self._rerun = rerun
        self._journal = journal
        self._sign = sign
        self._monotonic = monotonic
        self._not_before: dict[str, float] = {}
        self._refusals: dict[str, str] = {}

    def open(self, batch: OpenBatch, key: AuditKey) -> None:
        """Open a bonded dispute about one task, unless that is on its way."""
        line = batch.line_of(key.lease_id)
        name = f"dispute:{to_hex(batch.batch_id)}:{line}:{key.task}"
        if not self._is_time(name) or self._is_on_its_way(name):
            return
        try:
            shortage = bond_shortage(self._contracts, self._me, batch.batch.result(line))
        except ChainUnavailable as error:
            self._put_off(name, error.message)
            return
        if shortage is not None:
            self._put_off(name, shortage, logging.WARNING)
            return
        self._send(name, self._contracts.open_dispute(batch.batch, line, key.task))

    def contradict(self, case: Case, audit_round: int) -> None:
        """Take the seat of the verifier whose wrong digest was accepted in that round.

        Only where I contested that digest myself, and have its opening; 15 % of the stake are mine.
        """
        audit = self._journal.audit(AuditKey(case.batch_id, case.lease.lease_id, case.task))
        if audit is None or audit.step is not Step.CONTESTED or audit.opening is None:
            return
        if audit.opening.matches(*case.place):
            call = self._contracts.contradict(case.dispute_id, audit_round, audit.opening)
            self._send(f"contradict:{case.dispute_id}:{audit_round}", call)

    def execute(self, case: Case, job: JobNote, *, is_late: bool) -> None:
        """Find out what to vote, and fix it before anybody is told.

        If the market still withholds what that takes when it `is_late`, this is what is voted.

        Raises:
            FallowError: try again later.
        """
        lease_id = case.lease.lease_id
        request = AuditRequest(
            batch_id=case.batch_id,
            lease_id=lease_id,
            task=case.task,
            dispute_id=case.dispute_id,
        )
        audit = self._journal.audit(AuditKey(case.batch_id, lease_id, case.task))
        known = audit.digest if audit else None
        if case.stretch is not None or known is None:
            digest = self._found(case, request, job, is_late=is_late)
        else:
            digest = known
        is_whole = case.stretch is None and digest != UNAVAILABLE
        if is_whole and self._journal.is_tolerant(job.spec_hash):
            digest = self._compared(case, request, job, digest, is_late=is_late)
        ballot = Ballot(digest, Bytes32(secrets.token_bytes(32)))
        self._journal.add_ballot(case.dispute_id, ballot, of_stretch=case.stretch is not None)

    def _found(self, case: Case, request: AuditRequest, job: JobNote, *, is_late: bool) -> Bytes32:
        try:
            if case.stretch is not None:
                return self._rerun.state_after(request, job, case.stretch)
            digest = self._rerun.digest(request, job)
            if self._rerun.is_tolerant(request, job):
                self._journal.add_tolerant(job.spec_hash)
        except WITHHELD as error:
            if not is_late:
                raise
            _log.warning("dispute %s: voting unavailable: %s", request.dispute_id, error.message)
            return UNAVAILABLE
        return digest

    def _compared(
        self, case: Case, request: AuditRequest, job: JobNote, own: Bytes32, *, is_late: bool
    ) -> Bytes32:
        """The vote where a comparator decides: for the claim, or that it is out of tolerance.

        A claim that is not shown in time cannot be compared, as a task without inputs cannot be
        run: the provider has handed its output to the market.
        """
        try:
            opening, output = self._claim(case, own)
            is_within = self._rerun.is_within(request, job, opening.digest, output)
        except (*WITHHELD, Conflict, InvalidInput) as error:
            if not is_late:
                raise
            _log.warning("dispute %d: the claim is not to be had: %s", case.dispute_id, error)
            return UNAVAILABLE
        return opening.digest if is_within else OUT_OF_TOLERANCE

    def _claim(self, case: Case, own: Bytes32) -> tuple[Opening, ContentId | None]:
        """The opened claim and its output's name: from my own audit, or for another commitment."""
        audit = self._journal.audit(AuditKey(case.batch_id, case.lease.lease_id, case.task))
        if audit is not None and audit.opening is not None and audit.opening.matches(*case.place):
            return audit.opening, audit.output
        bound = self._journal.add_own(
            case.dispute_id, Ballot(own, Bytes32(secrets.token_bytes(32)))
        )
        message = ToleranceCommitment(
            case.batch_id,
            case.lease.lease_id,
            case.task,
            commitment(self._me, bound.digest, bound.salt),
        )
        view = self._client.commit_dispute(
            case.dispute_id,
            AuditCommitmentRequest(
                commitment=message.to_json(), signature=to_hex(self._sign(message))
            ),
        )
        opening = read_opening(view)
        if not opening.matches(*case.place):
            raise InvalidInput(NOT_THE_CLAIM)
        return opening, read_output(view)

    def make(self, move: Move, case: Case) -> None:
        """Send the transaction of `move`, unless it is on its way."""
        # The seed's block: a committee may have to be called more than once before it is drawn.
        key = f"{move}:{case.dispute_id}:{case.seed_block}"
        if case.committees_before:
            key += f":{case.committees_before}"
        if not self._is_time(key):
            return
        try:
            call = self._call(move, case)
        except FallowError as error:
            self._put_off(key, error.message)
            return
        self._send(key, call)

    def send(self, key: str, call: Call) -> None:
        """Submit any other call about a dispute, unless it is on its way."""
        self._send(key, call)

    def _call(self, move: Move, case: Case) -> Call:
        dispute_id, me = case.dispute_id, self._me
        if move is Move.DRAW_COMMITTEE:
            return self._contracts.draw_committee(dispute_id)
        if move is Move.RESOLVE:
            return self._contracts.resolve(dispute_id)
        if move is Move.OPEN_CLAIM:
            return self._contracts.open_claim(dispute_id, self._opening(case))
        ballot = self._journal.ballot(dispute_id, of_stretch=case.stretch is not None)
        if ballot is None:
            raise InvalidInput(f"there is no ballot for dispute {dispute_id}")
        if move is Move.COMMIT_VOTE:
            bound = commitment(me, ballot.digest, ballot.salt)
            return self._contracts.commit_vote(dispute_id, bound)
        return self._contracts.reveal_vote(dispute_id, ballot.digest, ballot.salt)

    def _opening(self, case: Case) -> Opening:
        """The provider's opening: from one's own audit, or else from the market.

        Raises:
            InvalidInput: it does not lead to the resultRoot.
            FallowError: the market does not give it.
        """
        audit = self._journal.audit(AuditKey(case.batch_id, case.lease.lease_id, case.task))
        opening = audit.opening if audit else None
        if opening is None or not opening.matches(*case.place):
            opening = read_opening(self._client.dispute_opening(case.dispute_id))
        if not opening.matches(*case.place):
            raise InvalidInput(NOT_THE_CLAIM)
        return opening

    @property
    def _me(self) -> Address:
        return self._sender.address

    def _send(self, key: str, call: Call) -> None:
        """Submit `call` under `key` once the contract would take it."""
        if not self._is_time(key) or self._is_on_its_way(key):
            return
        try:
            self._contracts.check(call, self._me)
        except (ChainRejected, ChainUnavailable) as error:
            self._put_off(key, error.message)
            return
        self._sender.forget(key)
        self._sender.submit(key, call)
        self._sender.step()
        self._put_off(key, None)
        _log.info("%s: %s", key, "mined" if isinstance(self._sender.status(key), Mined) else "sent")

    def _is_on_its_way(self, key: str) -> bool:
        status = self._sender.status(key)
        return status is not None and not isinstance(status, Rejected)

    def _is_time(self, key: str) -> bool:
        return self._monotonic() >= self._not_before.get(key, 0.0)

    def _put_off(self, key: str, problem: str | None, level: int = logging.INFO) -> None:
        """Try this one again in a while; say why, once for each reason."""
        self._not_before[key] = self._monotonic() + PAUSE_SECONDS
        if problem is not None and self._refusals.get(key) != problem:
            _log.log(level, "%s waits: %s", key, problem)
            self._refusals[key] = problem
