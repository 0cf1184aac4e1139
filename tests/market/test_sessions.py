"""Signing in: forged, replayed, expired and foreign logins are refused."""

from __future__ import annotations

import secrets
import time
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.client.retry import Retry
from protocol.client.wire import DelegationRequest
from protocol.delegation import Delegation
from protocol.errors import MarketUnavailable
from protocol.session import Login
from protocol.typed_data import Domain
from protocol.units import Address, Bytes32, to_hex
from tests.market.stage import Stage


def login(account: LocalAccount, **changes: int) -> Login:
    now = int(time.time())
    fields: dict[str, Any] = {
        "account": Address(account.address),
        "issued_at": now,
        "expires_at": now + 600,
        "nonce": Bytes32(secrets.token_bytes(32)),
    }
    return Login(**(fields | changes))


def sign_in(stage: Stage, message: Login, signature: bytes) -> httpx.Response:
    body = {"login": message.to_json(), "signature": to_hex(signature)}
    return stage.http.post(f"{stage.url}/v1/sessions", json=body)


def test_a_login_opens_one_session(stage: Stage) -> None:
    account = Account.create()
    message = login(account)
    signature = message.sign(stage.contracts.domain, account)
    first = sign_in(stage, message, signature)
    assert first.status_code == 201
    token = first.json()["token"]
    assert get_jobs(stage, token).status_code == 200
    again = sign_in(stage, message, signature)
    assert (again.status_code, again.json()["code"]) == (409, "nonce_used")
    with stage.market.store.read() as unit:
        stored = unit.connection.exec_driver_sql("SELECT token_hash FROM sessions").scalars().all()
    assert all(token.encode() not in bytes(row) for row in stored)


def test_forged_foreign_and_expired_logins(stage: Stage) -> None:
    account, here = Account.create(), stage.contracts.domain
    good = login(account)
    foreign = [
        Domain(here.chain_id + 1, here.market),
        Domain(here.chain_id, stage.contracts.deployment.arbiter),
    ]
    signatures = [good.sign(d, account) for d in foreign] + [good.sign(here, Account.create())]
    for signature in signatures:
        answer = sign_in(stage, good, signature)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    old = login(account, issued_at=1000, expires_at=2000)
    answer = sign_in(stage, old, old.sign(here, account))
    assert (answer.status_code, answer.json()["code"]) == (401, "message_expired")


@pytest.mark.parametrize("token", [None, "nonsense"])
def test_no_session_no_answer(stage: Stage, token: str | None) -> None:
    answer = get_jobs(stage, token)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_device_acts_for_its_wallet(stage: Stage) -> None:
    device = stage.provider()
    session = device.client.session()
    assert session.wallet == device.wallet.address
    assert session.account == device.key.address


def test_a_revoked_device_is_signed_out(stage: Stage) -> None:
    device = stage.provider()
    key = Address(device.key.address)
    token = device.client.session().token
    stage.send(device.wallet, stage.contracts.revoke_device(key))
    stage.keep()
    deadline = time.monotonic() + 10
    while get_jobs(stage, token).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def get_jobs(stage: Stage, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return stage.http.get(f"{stage.url}/v1/jobs", headers=headers)


def test_free_relays_never_crowd_out_what_has_a_deadline(stage: Stage) -> None:
    """Anybody may ask the operator for delegations, with as many new wallets as they like."""
    client = stage.client(stage.person())
    client._transport.retry = Retry(attempts=1)
    device, refused = Address(Account.create().address), 0
    for _ in range(40):
        wallet = Account.create()
        delegation = Delegation(Address(wallet.address), device, int(time.time()) + 999, 1)
        signature = to_hex(delegation.sign(stage.contracts.domain, wallet))
        try:
            client.delegate(DelegationRequest(delegation=delegation.to_json(), signature=signature))
        except MarketUnavailable:
            refused += 1
    assert refused == 8
