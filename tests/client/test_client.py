"""Signing in, errors, retries."""

from __future__ import annotations

import threading
import time

import pytest
from eth_account.signers.local import LocalAccount
from starlette.responses import JSONResponse, PlainTextResponse, Response

from protocol import errors
from protocol.chain.facts import Deployment
from protocol.client.client import MarketClient
from protocol.client.deployment import deployment_of
from protocol.client.problems import ERROR_BY_CODE
from protocol.client.retry import Retry
from protocol.client.wire import LeaseFailure, QuoteRequest
from protocol.typed_data import Domain
from protocol.units import parse_address
from tests.client.conftest import QUICK
from tests.client.tiny_market import (
    BEACON,
    DOMAIN,
    TOKEN,
    TinyMarket,
    answers_with,
    loses_the_answer,
    problem,
)

LEASE = b"\x01" * 32
QUOTE = {
    "fitting_offers": 1,
    "price_per_task_wei": "1",
    "suggested_max_price_per_task_wei": "2",
    "suggested_audit_budget_wei": "3",
    "relayer_fee_wei": "4",
    "total_wei": "9",
}


def test_domain_is_discovered_once(client: MarketClient, market: TinyMarket) -> None:
    assert client.domain == DOMAIN
    assert client.market().relayer_fee_wei == 7
    assert market.count("GET", "/v1/market") == 1


def test_the_deployment_is_as_the_market_says(client: MarketClient) -> None:
    said = parse_address(TOKEN.lower())
    expected = Deployment(
        DOMAIN.chain_id, said, DOMAIN.market, said, parse_address(BEACON.lower()), 7
    )
    assert deployment_of(client.market()) == expected


def test_a_pinned_domain_is_not_asked_for(market: TinyMarket, account: LocalAccount) -> None:
    client = MarketClient(market.url, account, Domain(1, TOKEN), retry=QUICK)
    with client, pytest.raises(errors.BadSignature):
        client.session()
    assert market.count("GET", "/v1/market") == 0


def test_signs_in_once_and_lazily(client: MarketClient, market: TinyMarket) -> None:
    client.market()
    assert market.count("POST", "/v1/sessions") == 0
    for _ in range(2):
        with pytest.raises(errors.NotFound):
            client.job(LEASE)
    assert market.count("POST", "/v1/sessions") == 1


def test_signs_in_again_when_the_session_is_refused(
    client: MarketClient, market: TinyMarket
) -> None:
    client.session()
    market.sessions.clear()
    assert client.put_blob(b"abc") in market.blobs
    assert market.count("POST", "/v1/sessions") == 2


def test_signs_in_again_before_the_session_ends(client: MarketClient, market: TinyMarket) -> None:
    market.session_seconds = 30
    first = client.session()
    assert client.session().token != first.token


def test_a_lost_login_answer_is_not_replayed(client: MarketClient, market: TinyMarket) -> None:
    market.break_next("POST", "/v1/sessions", loses_the_answer)
    with pytest.raises(errors.MarketUnavailable):
        client.session()
    assert client.session().token == "token-2"


def test_without_an_account_only_public_calls_work(market: TinyMarket) -> None:
    with MarketClient(market.url, retry=QUICK) as client:
        client.market()
        with pytest.raises(errors.NotSignedIn):
            client.put_blob(b"abc")


@pytest.mark.parametrize("code", sorted(ERROR_BY_CODE))
def test_every_code_comes_back_as_its_class(
    client: MarketClient, market: TinyMarket, code: str
) -> None:
    kind = ERROR_BY_CODE[code]
    for _ in range(4):
        market.break_next("POST", "/v1/quotes", answers_with(problem(kind("said so"))))
    with pytest.raises(kind, match="said so") as caught:
        client.quote(QuoteRequest(spec={}, task_count=1))
    assert type(caught.value) is kind
    assert "request r-1" in caught.value.__notes__


def test_registry_holds_the_whole_tree() -> None:
    names = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.FallowError)
    }
    assert set(ERROR_BY_CODE) == names


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (502, errors.MarketUnavailable),
        (504, errors.MarketUnavailable),
        (429, errors.MarketUnavailable),
        (404, errors.NotFound),
        (418, errors.InvalidInput),
        (500, errors.FallowError),
    ],
)
def test_an_answer_that_is_no_problem_goes_by_its_status(
    client: MarketClient, market: TinyMarket, status: int, kind: type[Exception]
) -> None:
    market.answers["POST", "/v1/quotes"] = lambda _: PlainTextResponse("<html>", status)
    with pytest.raises(kind, match=str(status)) as caught:
        client.quote(QuoteRequest(spec={}, task_count=1))
    assert type(caught.value) is kind


def test_an_unknown_code_goes_by_its_status(client: MarketClient, market: TinyMarket) -> None:
    class FromTheFuture(errors.Conflict):
        code = "from_the_future"

    market.break_next("POST", "/v1/quotes", answers_with(problem(FromTheFuture("later"))))
    with pytest.raises(errors.Conflict, match="later"):
        client.quote(QuoteRequest(spec={}, task_count=1))


def test_a_passing_failure_is_tried_again(client: MarketClient, market: TinyMarket) -> None:
    market.answers["POST", "/v1/quotes"] = lambda _: JSONResponse(QUOTE)
    busy = problem(errors.ChainUnavailable("wait"))
    market.break_next("POST", "/v1/quotes", answers_with(busy), loses_the_answer)
    assert client.quote(QuoteRequest(spec={}, task_count=1)).total_wei == 9
    assert market.count("POST", "/v1/quotes") == 3


def test_tries_are_bounded(client: MarketClient, market: TinyMarket) -> None:
    market.answers["POST", "/v1/quotes"] = lambda _: problem(errors.MarketUnavailable())
    with pytest.raises(errors.MarketUnavailable):
        client.quote(QuoteRequest(spec={}, task_count=1))
    assert market.count("POST", "/v1/quotes") == QUICK.attempts


def test_a_conflict_is_not_tried_again(client: MarketClient, market: TinyMarket) -> None:
    path = f"/v1/leases/0x{LEASE.hex()}/failure"
    market.answers["POST", path] = lambda _: problem(errors.LeaseLost())
    with pytest.raises(errors.LeaseLost):
        client.post_failure(LEASE, LeaseFailure(code="x", detail=""))
    assert market.count("POST", path) == 1


def test_a_lease_whose_answer_is_lost_is_not_asked_for_again(
    client: MarketClient, market: TinyMarket
) -> None:
    market.answers["POST", "/v1/leases"] = lambda _: Response(status_code=204)
    market.break_next("POST", "/v1/leases", loses_the_answer)
    with pytest.raises(errors.MarketUnavailable):
        client.lease(wait_seconds=0)
    assert market.count("POST", "/v1/leases") == 1
    busy = problem(errors.MarketUnavailable(), {"retry-after": "0"})
    market.break_next("POST", "/v1/leases", answers_with(busy))
    assert client.lease(wait_seconds=0) is None
    assert market.count("POST", "/v1/leases") == 3


def test_retry_after_is_heeded(market: TinyMarket, account: LocalAccount) -> None:
    market.answers["POST", "/v1/quotes"] = lambda _: JSONResponse(QUOTE)
    busy = problem(errors.MarketUnavailable(), {"retry-after": "1"})
    market.break_next("POST", "/v1/quotes", answers_with(busy))
    with MarketClient(market.url, account, retry=QUICK) as client:
        client.session()
        began = time.monotonic()
        client.quote(QuoteRequest(spec={}, task_count=1))
    assert 1 <= time.monotonic() - began < 4


def test_nobody_listens() -> None:
    client = MarketClient("http://127.0.0.1:1", retry=QUICK)
    with client, pytest.raises(errors.MarketUnavailable, match=r"http://127\.0\.0\.1:1"):
        client.market()


def test_closing_wakes_a_waiting_call() -> None:
    patient = Retry(attempts=10, base_seconds=60, cap_seconds=60)
    client = MarketClient("http://127.0.0.1:1", retry=patient)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            client.market()
        except errors.MarketUnavailable as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    client.close()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert caught


def test_another_server_is_told_apart(client: MarketClient, market: TinyMarket) -> None:
    market.answers["POST", "/v1/quotes"] = lambda _: PlainTextResponse("welcome")
    with pytest.raises(errors.MarketUnavailable, match="does not answer as a market"):
        client.quote(QuoteRequest(spec={}, task_count=1))


@pytest.mark.parametrize("address", ["ftp://x", "market", "http://", "http://x:port", ""])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(errors.InvalidInput):
        MarketClient(address)


def test_ready(client: MarketClient, market: TinyMarket) -> None:
    assert not client.is_ready()
    market.answers["GET", "/readyz"] = lambda _: Response("ok")
    assert client.is_ready()


def test_threads_share_one_session(client: MarketClient, market: TinyMarket) -> None:
    threads = [threading.Thread(target=client.put_blob, args=(bytes([n]),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(market.blobs) == 8
    assert market.count("POST", "/v1/sessions") == 1
