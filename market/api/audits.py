"""Audits and disputes: a drawn verifier gets the task, commits, and only then sees a digest."""

from __future__ import annotations

from fastapi import APIRouter

from market.api.dependencies import PrincipalDep, ServicesDep
from protocol.client.wire import (
    AuditCommitmentRequest,
    AuditGrant,
    AuditOutcome,
    AuditRequest,
    AuditResultRequest,
    OpeningView,
)
from protocol.typed_data import parse_signature

router = APIRouter(tags=["audits"])


@router.post("/v1/audits")
def request_audit(body: AuditRequest, who: PrincipalDep, services: ServicesDep) -> AuditGrant:
    """The spec and input of a drawn task, for its drawn verifier or a committee member."""
    return services.audits.grant(who, body)


@router.post("/v1/audits/commitments")
def commit_audit(
    body: AuditCommitmentRequest, who: PrincipalDep, services: ServicesDep
) -> OpeningView:
    """Bind oneself to a digest; the answer opens the provider's."""
    return services.audits.commit(who, body.commitment, parse_signature(body.signature))


@router.post("/v1/audits/results")
def reveal_audit(
    body: AuditResultRequest, who: PrincipalDep, services: ServicesDep
) -> AuditOutcome:
    """Reveal the digest; an agreeing one is paid on chain."""
    return services.audits.reveal(who, body.result, parse_signature(body.signature))


@router.post("/v1/disputes/{dispute_id}/commitments")
def commit_dispute(
    dispute_id: int, body: AuditCommitmentRequest, who: PrincipalDep, services: ServicesDep
) -> OpeningView:
    """In a job with a comparator: bind oneself as a committee's member, then see the output."""
    signature = parse_signature(body.signature)
    return services.disputes.commit(who, dispute_id, body.commitment, signature)


@router.post("/v1/disputes/{dispute_id}/opening")
def open_dispute_claim(dispute_id: int, who: PrincipalDep, services: ServicesDep) -> OpeningView:
    """The provider's digest of the disputed task, once its committee can no longer copy it."""
    return services.disputes.opening(who, dispute_id)
