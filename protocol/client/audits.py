"""The calls of a verifier."""

from __future__ import annotations

from protocol.client.calls import Calls, read_answer
from protocol.client.transport import Call
from protocol.client.wire import (
    AuditCommitmentRequest,
    AuditGrant,
    AuditOutcome,
    AuditRequest,
    AuditResultRequest,
    OpeningView,
)
from protocol.result import Opening
from protocol.units import Bytes32, ContentId


class AuditCalls(Calls):
    """/v1/audits and /v1/disputes."""

    def audit(self, request: AuditRequest) -> AuditGrant:
        """POST /v1/audits: what the drawn verifier needs to run the task again."""
        return self._post("/v1/audits", request, AuditGrant)

    def commit_audit(self, request: AuditCommitmentRequest) -> OpeningView:
        """POST /v1/audits/commitments: bind oneself to a digest, then see the provider's."""
        return self._post("/v1/audits/commitments", request, OpeningView)

    def commit_dispute(self, dispute_id: int, request: AuditCommitmentRequest) -> OpeningView:
        """POST /v1/disputes/{dispute_id}/commitments: the same for a member of its committee.

        Only in jobs with a comparator, where a vote depends on the provider's output.
        """
        return self._post(f"/v1/disputes/{dispute_id}/commitments", request, OpeningView)

    def post_audit_result(self, request: AuditResultRequest) -> AuditOutcome:
        """POST /v1/audits/results: reveal the digest."""
        return self._post("/v1/audits/results", request, AuditOutcome)

    def dispute_opening(self, dispute_id: int) -> OpeningView:
        """POST /v1/disputes/{dispute_id}/opening, after the committee's reveal phase."""
        call = Call("POST", f"/v1/disputes/{dispute_id}/opening")
        return read_answer(OpeningView, self._send(call))


def read_opening(view: OpeningView) -> Opening:
    """The wire's opening as the protocol's."""
    return Opening(
        Bytes32(view.digest), Bytes32(view.salt), tuple(Bytes32(step) for step in view.proof)
    )


def read_output(view: OpeningView) -> ContentId | None:
    """The name of the provider's output, where it may be fetched."""
    return None if view.output is None else ContentId(view.output)
