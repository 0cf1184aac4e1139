"""The SDK: price first, one job however often it is posted, no unchecked result."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from starlette.responses import JSONResponse

from protocol import errors
from protocol.chain.calls import permit_message
from protocol.chain.facts import Deployment
from protocol.client.client import MarketClient
from protocol.client.wire import JobView
from protocol.lifecycle import JobStatus
from protocol.result import Outcome
from protocol.spec import Resources, Spec
from protocol.typed_data import epoch_of, parse_signature
from protocol.units import PPM, WEI_PER_CREDIT, ZERO_ADDRESS, Address, Bytes32, parse_address
from requester.draft import ContainerDraft, WasmDraft
from requester.handle import Until, is_done
from requester.plan import Terms
from requester.programs import program
from requester.requester import Requester
from tests.client.tiny_market import DOMAIN, TOKEN, loses_the_answer
from tests.requester.job_market import AUDIT_WEI, PRICE_WEI, RELAYER_WEI, JobMarket

DRAFT = WasmDraft(program("noop"), label="noop")
INPUTS = [b"one", b"two", b"three", b"four"]
PLENTY = 10 * WEI_PER_CREDIT
TOTAL = 4 * PRICE_WEI + AUDIT_WEI + RELAYER_WEI


def test_map_returns_outcomes_in_order(requester: Requester, market: JobMarket) -> None:
    outcomes = requester.map(DRAFT, INPUTS, PLENTY)
    assert outcomes == [Outcome(data[::-1]) for data in INPUTS]
    assert len(market.posted) == 1


def test_a_failing_program_is_an_outcome(requester: Requester, market: JobMarket) -> None:
    market.run = lambda data: Outcome(failure="trap") if data == b"two" else Outcome(data)
    outcomes = requester.map(DRAFT, INPUTS, PLENTY)
    assert [outcome.failure for outcome in outcomes] == [None, "trap", None, None]


def test_planning_uploads_and_signs_nothing(requester: Requester, market: JobMarket) -> None:
    plan = requester.plan(DRAFT, INPUTS)
    assert plan.total_wei == TOTAL
    assert not market.uploads
    assert not market.sessions or not market.posted


def test_the_spec_is_what_was_asked_for(requester: Requester, market: JobMarket) -> None:
    requester.submit(DRAFT, INPUTS, PLENTY)
    (posted,) = market.posted.values()
    assert posted.spec.label == "noop"
    assert posted.spec.resources == DRAFT.resources
    assert posted.job.deadline == pytest.approx(posted.created_at + 3600, abs=5)


def test_over_budget_is_refused_before_anything_is_sent(
    requester: Requester, market: JobMarket
) -> None:
    with pytest.raises(errors.InsufficientFunds, match=r"over the budget of 0\.1"):
        requester.submit(DRAFT, INPUTS, WEI_PER_CREDIT // 10)
    assert not market.uploads
    assert not market.posted


def test_the_budget_is_met_to_the_wei(requester: Requester) -> None:
    with pytest.raises(errors.InsufficientFunds):
        requester.submit(DRAFT, INPUTS, TOTAL - 1)
    requester.submit(DRAFT, INPUTS, TOTAL)


def test_an_empty_balance_says_what_is_missing(
    requester: Requester, market: JobMarket, wallet: LocalAccount
) -> None:
    market.balances[wallet.address] = RELAYER_WEI
    with pytest.raises(errors.InsufficientFunds, match=r"deposit 0\.65$"):
        requester.submit(DRAFT, INPUTS, PLENTY)
    assert not market.uploads


def test_posting_a_plan_twice_is_one_job(requester: Requester, market: JobMarket) -> None:
    plan = requester.plan(DRAFT, INPUTS)
    first = requester.post(plan, PLENTY)
    market.balances.clear()
    assert requester.post(plan, PLENTY).job_id == first.job_id
    assert len(market.posted) == 1


def test_a_lost_answer_to_posting_is_bridged(requester: Requester, market: JobMarket) -> None:
    market.break_next("POST", "/v1/jobs", loses_the_answer)
    requester.submit(DRAFT, INPUTS, PLENTY)
    assert len(market.posted) == 1
    assert market.count("POST", "/v1/jobs") == 2


def test_an_idempotency_key_allows_one_job(requester: Requester, market: JobMarket) -> None:
    requester.submit(DRAFT, INPUTS, PLENTY, idempotency_key="monday")
    with pytest.raises(errors.NonceUsed):
        requester.submit(DRAFT, INPUTS, PLENTY, Terms(deadline_seconds=9), "monday")
    requester.submit(DRAFT, INPUTS, PLENTY, idempotency_key="tuesday")
    assert len(market.posted) == 2


def test_nonces_are_of_the_accounts_epoch(requester: Requester, market: JobMarket) -> None:
    market.epochs[requester.address] = 255
    for key in (None, "monday", "tuesday"):
        requester.submit(DRAFT, INPUTS, PLENTY, idempotency_key=key)
    assert {epoch_of(posted.job.nonce) for posted in market.posted.values()} == {255}
    assert len(market.posted) == 3


def test_a_higher_price_takes_a_larger_audit_budget(requester: Requester) -> None:
    plan = requester.plan(DRAFT, INPUTS, Terms(max_price_per_task_wei=3 * PRICE_WEI))
    assert plan.job.max_price_per_task == 3 * PRICE_WEI
    assert plan.job.audit_budget == 3 * AUDIT_WEI


def test_without_offers_a_price_is_needed(requester: Requester, market: JobMarket) -> None:
    market.fitting_offers = 0
    with pytest.raises(errors.Conflict, match="no device offers that much memory"):
        requester.plan(DRAFT, INPUTS)
    plan = requester.plan(DRAFT, INPUTS, Terms(max_price_per_task_wei=PPM))
    assert plan.job.audit_budget == 2 * 4 * PPM * 12 // 10  # each task twice, if need be


@pytest.mark.parametrize("inputs", [[], [Path("/nowhere")]])
def test_inputs_that_are_none(requester: Requester, inputs: list[bytes | Path]) -> None:
    with pytest.raises(errors.InvalidInput):
        requester.plan(DRAFT, inputs)


def test_a_container_s_spec(requester: Requester) -> None:
    draft = ContainerDraft(b"archive", ("python", "x.py"), {"B": "2", "A": "1"}, (b"shared",))
    spec = requester.plan(draft, INPUTS).work.spec
    assert Spec.from_json(spec.to_json()) == spec
    assert spec.to_json()["runtime"]["environment"] == {"A": "1", "B": "2"}
    with pytest.raises(errors.InvalidSpec):
        requester.plan(ContainerDraft(b"archive", (), resources=Resources(0, 0, 0)), INPUTS)


def test_wrong_output_is_noticed(requester: Requester, market: JobMarket) -> None:
    market.wrong_outputs[2] = b"not what was committed"
    handle = requester.submit(DRAFT, INPUTS, PLENTY)
    seen: list[int] = []
    with pytest.raises(errors.BlobMismatch, match="task 2"):
        seen.extend(result.task for result in handle.results())
    assert [result.task for result in islice(handle.results(), 2)] == [0, 1]


def test_download_resumes_and_checks(
    requester: Requester, market: JobMarket, tmp_path: Path
) -> None:
    market.run = lambda data: Outcome(failure="trap") if data == b"two" else Outcome(data)
    handle = requester.submit(DRAFT, INPUTS, PLENTY)
    market.wrong_outputs[3] = b"4our"
    with pytest.raises(errors.BlobMismatch):
        handle.download(tmp_path)
    names = ["task-000000.bin", "task-000001.failed", "task-000002.bin"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    market.wrong_outputs.clear()
    (tmp_path / "task-000002.bin").write_bytes(b"spoil")
    before = len(market.requests)
    handle.download(tmp_path)
    fetched = [path for _, path, _ in market.requests[before:] if path.endswith("/result")]
    assert [path.split("/")[-2] for path in fetched] == ["2", "3"]
    assert (tmp_path / "task-000001.failed").read_text() == "trap\n"
    assert (tmp_path / "task-000002.bin").read_bytes() == b"three"
    assert (tmp_path / "task-000003.bin").read_bytes() == b"four"


def test_missing_results(requester: Requester, market: JobMarket, tmp_path: Path) -> None:
    market.held = {1, 3}
    handle = requester.submit(DRAFT, INPUTS, PLENTY)
    assert handle.missing_tasks() == [1, 3]
    with pytest.raises(errors.Conflict, match="task 1 has no result yet"):
        list(handle.results())
    assert [result.task for result in handle.results(partial=True)] == [0, 2]
    assert len(handle.download(tmp_path, partial=True)) == 2
    with pytest.raises(errors.MarketUnavailable, match=r"not done after 0\.1 s"):
        handle.wait(timeout_seconds=0.1)


def test_waiting_ends_with_the_job(requester: Requester, market: JobMarket) -> None:
    market.held = {1}
    handle = requester.submit(DRAFT, INPUTS, PLENTY)
    assert handle.cancel().status == "CANCELLED"
    with pytest.raises(errors.Conflict, match="cancelled before all of its tasks were done"):
        handle.wait()
    assert handle.wait(until=Until.SETTLED).status == "CANCELLED"


def test_a_job_that_the_chain_refused(requester: Requester) -> None:
    view = requester.submit(DRAFT, INPUTS, PLENTY).view()
    refused = view.model_copy(
        update={
            "status": JobStatus.CANCELLED,
            "is_on_chain": False,
            "waiting_because": "the chain refused the job: NonceUsed",
        }
    )
    for until in Until:
        with pytest.raises(errors.Conflict, match="NonceUsed"):
            is_done(refused, until)
    settled = view.model_copy(update={"finished_at": None})
    assert is_done(settled, Until.RESULTS)
    assert not is_done(settled, Until.SETTLED)


def test_waiting_ends_when_the_market_has_stopped_the_job(
    requester: Requester, market: JobMarket
) -> None:
    market.held = {1}
    handle = requester.submit(DRAFT, INPUTS, PLENTY)
    (posted,) = market.posted.values()
    posted.stopped_because = "the program is not deterministic"
    for until in Until:
        with pytest.raises(errors.Conflict, match="has stopped the job: the program is not"):
            handle.wait(until=until)
    assert len(list(handle.results(partial=True))) == 3
    assert handle.cancel().status == "CANCELLED"
    assert handle.wait(until=Until.SETTLED).status == "CANCELLED"


def test_a_stopped_job_is_waited_for_while_a_device_works_on_it(requester: Requester) -> None:
    view = requester.submit(DRAFT, INPUTS, PLENTY).view()
    states = {"paid": 2, "leased": 1, "waiting": 1}
    changes = {"status": JobStatus.RUNNING, "tasks_by_state": states, "stopped_because": "x"}
    assert not is_done(view.model_copy(update=changes), Until.RESULTS)


def test_waiting_tells_how_it_stands(requester: Requester) -> None:
    views: list[JobView] = []
    requester.submit(DRAFT, INPUTS, PLENTY).wait(views.append)
    assert views[-1].tasks_by_state["paid"] == 4


def test_jobs_and_receipt(requester: Requester) -> None:
    first = requester.submit(DRAFT, INPUTS, PLENTY)
    second = requester.submit(DRAFT, INPUTS, PLENTY)
    assert [view.job_id for view in requester.jobs()] == [second.job_id, first.job_id]
    receipt = requester.job(first.job_id).receipt()
    paid = sum(payment.amount_wei for payment in receipt.payments)
    assert paid + receipt.refunded_wei == receipt.escrow_wei


def test_another_s_job_is_not_shown(requester: Requester, market: JobMarket) -> None:
    handle = requester.submit(DRAFT, INPUTS, PLENTY)
    stranger: LocalAccount = Account.from_key("0x" + "33" * 32)
    with MarketClient(market.url, stranger) as client, pytest.raises(errors.Forbidden):
        Requester(client, stranger).job(handle.job_id).view()


def test_a_client_of_another_wallet_is_refused(requester: Requester) -> None:
    with pytest.raises(errors.InvalidInput):
        Requester(requester.client, Account.from_key("0x" + "33" * 32))


def test_deposit_by_permit(requester: Requester, market: JobMarket) -> None:
    before = requester.account()
    after = requester.deposit(3 * WEI_PER_CREDIT)
    assert after.balance_wei - before.balance_wei == 3 * WEI_PER_CREDIT
    (permit,) = market.permits
    deployment = Deployment(
        DOMAIN.chain_id, parse_address(TOKEN.lower()), DOMAIN.market, ZERO_ADDRESS, ZERO_ADDRESS, 0
    )
    message = permit_message(
        deployment, requester.address, 3 * WEI_PER_CREDIT, 0, permit["deadline"]
    )
    signable = encode_typed_data(full_message=message)
    signature = parse_signature(permit["signature"])
    assert Account.recover_message(signable, signature=signature) == requester.address


@pytest.mark.parametrize(
    ("amount", "kind"),
    [(0, errors.InvalidInput), (1000 * WEI_PER_CREDIT, errors.InsufficientFunds)],
)
def test_deposits_that_cannot_be(
    requester: Requester, market: JobMarket, amount: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        requester.deposit(amount)
    assert not market.permits


def test_a_deposit_that_is_not_relayed(requester: Requester, market: JobMarket) -> None:
    market.answers["POST", "/v1/deposits"] = lambda _: JSONResponse({"key": "x"}, 202)
    with pytest.raises(errors.MarketUnavailable, match="look at the account"):
        requester.deposit(WEI_PER_CREDIT, timeout_seconds=0.1)


def test_unknown_job(requester: Requester) -> None:
    with pytest.raises(errors.NotFound):
        requester.job(Bytes32(bytes(32))).view()
    assert requester.address == Address(requester.address)
