"""Posting a job: every fault is refused with its own problem, and nothing is half done."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest
from eth_account import Account

from protocol.chain.development import development_account
from protocol.client.retry import NO_RETRY
from protocol.client.wire import CancelRequest, PermitDeposit, QuoteRequest
from protocol.errors import (
    BadSignature,
    BlobIncomplete,
    DeadlinePassed,
    FallowError,
    Forbidden,
    IllegalMove,
    InsufficientFunds,
    IntakePaused,
    InvalidInput,
    NonceUsed,
    NotFound,
    SpecHashMismatch,
    WrongMarket,
)
from protocol.job import Cancellation
from protocol.lifecycle import JobStatus
from protocol.spec import Limits
from protocol.typed_data import Domain, nonce_of
from protocol.units import Address, content_id, to_hex
from tests.market.stage import PRICE_WEI, Draft, Stage


def test_the_same_job_again_has_the_same_answer(stage: Stage) -> None:
    requester = stage.person(100)
    draft = stage.draft(requester)
    assert draft.post().job_id == draft.post().job_id == draft.job_id
    stage.keep()
    assert len(stage.client(requester).jobs().jobs) == 1
    assert stage.client(requester).job(draft.job_id).is_on_chain


def test_a_signature_for_another_chain_or_contract_is_refused(stage: Stage) -> None:
    requester = stage.person(100)
    draft = stage.draft(requester)
    here = stage.contracts.domain
    for domain in (
        Domain(here.chain_id + 1, here.market),
        Domain(here.chain_id, stage.contracts.deployment.token),
    ):
        refused(draft, BadSignature, draft.job.sign(domain, requester))


def test_a_forged_signature_is_refused(stage: Stage) -> None:
    requester = stage.person(100)
    draft = stage.draft(requester)
    refused(draft, BadSignature, draft.job.sign(stage.contracts.domain, Account.create()))
    good = draft.job.sign(stage.contracts.domain, requester)
    refused(draft, BadSignature, good[:64] + bytes([good[64] ^ 7]))


def test_nobody_posts_the_job_of_another(stage: Stage) -> None:
    requester, other = stage.person(100), stage.person(100)
    draft = stage.draft(requester)
    with pytest.raises(Forbidden):
        stage.client(other).post_job(draft.request())


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"deadline": 1}, DeadlinePassed),
        ({"task_count": 0}, InvalidInput),
        ({"task_count": 3}, InvalidInput),  # the task list names four
        ({"max_price_per_task": 0}, InvalidInput),
        ({"operator": Address("0x" + "11" * 20)}, WrongMarket),
        ({"token": Address("0x" + "11" * 20)}, WrongMarket),
        ({"spec_hash": bytes(32)}, SpecHashMismatch),
        ({"max_price_per_task": 10**21}, InsufficientFunds),
        ({"max_price_per_task": 1 << 86}, InvalidInput),  # four of them are 2^88: one too many
        ({"audit_budget": 1 << 88}, InvalidInput),
        ({"nonce": nonce_of(1, 5)}, NonceUsed),  # of an epoch that has not begun
    ],
)
def test_a_job_that_breaks_a_rule_is_refused(
    stage: Stage, changes: dict[str, Any], error: type[FallowError]
) -> None:
    refused(stage.draft(stage.person(100), **changes), error)


def test_too_many_tasks_for_a_uint32_are_refused(stage: Stage) -> None:
    requester = stage.person(100)
    draft = stage.draft(requester)
    body = draft.request().model_dump(mode="json")
    body["job"]["taskCount"] = str(1 << 32)
    token = stage.client(requester).session().token
    answer = stage.http.post(
        f"{stage.url}/v1/jobs", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid_input"
    assert "taskCount" in problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["retryable"] is False


def test_a_job_needs_its_funds_free(stage: Stage) -> None:
    requester = stage.person(5)
    first = stage.draft(requester, 4, audit_budget=PRICE_WEI, max_price_per_task=10**18)
    first.post()
    second = stage.draft(requester, 4, audit_budget=PRICE_WEI, max_price_per_task=10**18)
    refused(second, InsufficientFunds)  # the first one is not on chain yet, but spoken for


def test_blobs_of_others_cannot_be_named(stage: Stage) -> None:
    """Naming a digest in a job must not give access to the bytes behind it."""
    owner, thief = stage.person(), stage.person(100)
    secret = stage.client(owner).put_blob(b"a secret of the owner")
    draft = stage.draft(thief)
    spec = dataclasses.replace(draft.spec, shared_inputs=(secret,))
    stolen = Draft(stage, thief, dataclasses.replace(draft.job, spec_hash=spec.hash), spec)
    refused(stolen, BlobIncomplete)
    missing = dataclasses.replace(draft.spec, shared_inputs=(content_id(b"nowhere"),))
    refused(
        Draft(stage, thief, dataclasses.replace(draft.job, spec_hash=missing.hash), missing),
        BlobIncomplete,
    )


def test_another_spec_than_the_signed_one_is_refused(stage: Stage) -> None:
    draft = stage.draft(stage.person(100))
    other = dataclasses.replace(draft.spec, limits=Limits(5, 10, 20))
    refused(Draft(stage, draft.requester, draft.job, other), SpecHashMismatch)


def test_a_job_that_the_chain_refuses_says_why(stage: Stage) -> None:
    requester = stage.person(100)
    draft = stage.draft(requester)
    draft.post()
    owner = Address(requester.address)
    balance_wei = stage.contracts.account(owner).balance_wei
    stage.send(requester, stage.contracts.withdraw(balance_wei, owner))
    stage.keep(2)
    view = stage.client(requester).job(draft.job_id)
    assert view.status == JobStatus.CANCELLED
    assert not view.is_on_chain
    assert "InsufficientBalance" in (view.waiting_because or "")


def test_after_voiding_all_that_was_signed_another_epoch_counts(stage: Stage) -> None:
    requester = stage.person(100)
    stage.send(requester, stage.contracts.cancel_all())
    refused(stage.draft(requester, nonce=nonce_of(0, 7)), NonceUsed)
    epoch = stage.client(requester).account(Address(requester.address)).epoch
    assert epoch == 1
    stage.job(requester, nonce=nonce_of(epoch, 7))


def test_while_intake_is_paused_no_job_and_no_deposit_is_taken(stage: Stage) -> None:
    requester = stage.person(100)
    job_id, draft = stage.job(requester), stage.draft(requester)
    stage.send(development_account(0), stage.contracts.pause_intake(600))
    client = stage.client(requester)
    client._transport.retry = NO_RETRY
    until = stage.contracts.ask("Market", "intakePause")
    with pytest.raises(IntakePaused, match=str(until)):
        draft.post()
    with pytest.raises(IntakePaused, match=str(until)):
        client.deposit(
            PermitDeposit(
                owner=requester.address,
                amount_wei=1,
                deadline=int(time.time()) + 999,
                signature="0x" + "11" * 65,
            )
        )
    answer = stage.http.post(
        f"{stage.url}/v1/jobs",
        json=draft.request().model_dump(mode="json"),
        headers={"Authorization": f"Bearer {client.session().token}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "intake_paused")
    assert answer.json()["retryable"]
    signature = Cancellation(job_id).sign(stage.contracts.domain, requester)
    client.cancel_job(job_id, CancelRequest(signature=to_hex(signature)))
    stage.keep(2)
    assert client.job(job_id).status == JobStatus.CANCELLED  # what is inside can leave
    stage.pass_time(601)
    assert draft.post().job_id == draft.job_id


def test_a_requester_posts_one_job_under_a_nonce(stage: Stage) -> None:
    """The chain would take both: who tries again, with another deadline, relies on the market."""
    requester = stage.person(100)
    first = stage.draft(requester, nonce=7)
    first.post()
    first.post()
    refused(stage.draft(requester, nonce=7, deadline=int(time.time()) + 999), NonceUsed)
    stage.draft(stage.person(100), nonce=7).post()


def test_a_cancelled_job_gives_the_rest_back(stage: Stage) -> None:
    requester, device = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 8)
    grant = device.client.lease()
    assert grant is not None
    device.finish(grant)
    cancellation = Cancellation(job_id)
    forged = cancellation.sign(stage.contracts.domain, Account.create())
    with pytest.raises(BadSignature):
        stage.client(requester).cancel_job(job_id, CancelRequest(signature=to_hex(forged)))
    signature = to_hex(cancellation.sign(stage.contracts.domain, requester))
    stage.client(requester).cancel_job(job_id, CancelRequest(signature=signature))
    assert device.client.lease() is None
    stage.keep(2)
    assert device.client.lease() is None
    assert stage.client(requester).job(job_id).status == JobStatus.CANCELLED
    stage.pass_time(stage.params.commit_grace_seconds + 1)
    stage.settle()
    view = stage.client(requester).job(job_id)
    assert view.paid_wei == int(grant.lease["count"]) * PRICE_WEI
    assert view.paid_wei + view.refunded_wei == view.escrow_wei
    assert view.finished_at
    late = stage.job(requester, 4)
    with pytest.raises((BadSignature, IllegalMove)):
        stage.client(requester).cancel_job(late, CancelRequest(signature=signature))


def test_jobs_are_their_requesters_business(stage: Stage) -> None:
    requester, other = stage.person(100), stage.person()
    job_id = stage.job(requester)
    for call in (
        stage.client(other).job,
        stage.client(other).tasks,
        stage.client(other).receipt,
    ):
        with pytest.raises(NotFound):
            call(job_id)
    assert stage.client(other).jobs().jobs == []


def test_a_quote_follows_the_offers(stage: Stage) -> None:
    draft = stage.draft(stage.person())
    request = QuoteRequest(spec=draft.spec.to_json(), task_count=10)
    client = stage.client(draft.requester)
    empty = client.quote(request)
    assert empty.fitting_offers == 0
    assert empty.reason
    stage.provider(50)
    stage.provider(50, ask_wei=2 * 10**16)
    quote = client.quote(request)
    assert quote.fitting_offers == 2
    assert quote.price_per_task_wei == PRICE_WEI
    assert quote.suggested_max_price_per_task_wei == 2 * PRICE_WEI
    expected = 20 * PRICE_WEI + quote.suggested_audit_budget_wei + quote.relayer_fee_wei
    assert quote.total_wei == expected


def test_who_waits_is_told_why(stage: Stage) -> None:
    requester = stage.person(100)
    draft = stage.draft(requester, max_price_per_task=PRICE_WEI // 2)
    assert "escrow" in (draft.post().waiting_because or "")
    stage.keep()
    client = stage.client(requester)
    assert "no device" in (client.job(draft.job_id).waiting_because or "")
    device = stage.provider()
    assert device.client.lease() is None
    assert "maxPricePerTask" in (client.job(draft.job_id).waiting_because or "")


def refused(draft: Draft, error: type[FallowError], signature: bytes | None = None) -> None:
    """The post is refused, and leaves nothing behind."""
    with pytest.raises(error):
        draft.post(signature)
    with pytest.raises(NotFound):
        draft.stage.client(draft.requester).job(draft.job_id)
