"""What the endpoints' calls have in common: bodies typed both ways, the session in its header."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import httpx
from eth_account.signers.local import LocalAccount
from pydantic import BaseModel, ValidationError

from protocol.client.retry import Retry
from protocol.client.sign_in import SignIn
from protocol.client.transport import Call, CallFailed, Transport
from protocol.client.wire import MarketInfo, Session, SessionRequest
from protocol.errors import MarketUnavailable, NotSignedIn
from protocol.typed_data import Domain
from protocol.units import Address, to_hex

Answer = TypeVar("Answer", bound=BaseModel)


class Calls:
    """The base of `MarketClient`, and of the groups of calls that it is made of."""

    def __init__(
        self,
        base_url: str,
        account: LocalAccount | None = None,
        domain: Domain | None = None,
        timeout_seconds: float = 10.0,
        retry: Retry | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._transport = Transport(base_url, timeout_seconds, retry or Retry())
        self._account = account
        self._domain = domain
        self._market: MarketInfo | None = None
        self._sign_in = (
            None if account is None else SignIn(account, lambda: self.domain, self._post_login, now)
        )

    @property
    def base_url(self) -> str:
        """The market's address, without a slash at its end."""
        return self._transport.base_url

    @property
    def address(self) -> Address | None:
        """The account that this client signs in as."""
        return Address(self._account.address) if self._account else None

    @property
    def domain(self) -> Domain:
        """Where signatures count: as given, otherwise as the market says."""
        if self._domain is None:
            info = self.market()
            self._domain = Domain(info.chain_id, Address(info.market))
        return self._domain

    def market(self) -> MarketInfo:
        """GET /v1/market, asked once."""
        if self._market is None:
            self._market = self._get("/v1/market", MarketInfo, is_private=False)
        return self._market

    def session(self) -> Session:
        """POST /v1/sessions when there is no valid session yet.

        Raises:
            NotSignedIn: this client has no account.
        """
        if self._sign_in is None:
            raise NotSignedIn("this needs an account: give the client a key")
        return self._sign_in.session()

    def close(self) -> None:
        """Close the connections; waiting calls of other threads fail with MarketUnavailable."""
        self._transport.close()

    def _get(
        self,
        path: str,
        answer: type[Answer],
        params: dict[str, str | int] | None = None,
        *,
        is_private: bool = True,
    ) -> Answer:
        response = self._send(Call("GET", path, params or {}), is_private=is_private)
        return read_answer(answer, response)

    def _post(
        self, path: str, body: BaseModel, answer: type[Answer], *, is_private: bool = True
    ) -> Answer:
        return read_answer(answer, self._send(json_call("POST", path, body), is_private=is_private))

    def _send(self, call: Call, *, is_private: bool = True) -> httpx.Response:
        if self._sign_in is None or not is_private:
            return self._transport.send(call)
        session = self._sign_in.session()
        try:
            return self._transport.send(_with_session(call, session))
        except NotSignedIn:
            self._sign_in.forget(session)
        return self._transport.send(_with_session(call, self._sign_in.session()))

    @contextmanager
    def _stream(self, call: Call) -> Iterator[httpx.Response]:
        """One attempt, signed in; a refused session is forgotten, so that the next one renews it.

        Raises:
            CallFailed: `_wait_after` of it raises, or waits until it is time for the next attempt.
        """
        session = self._sign_in.session() if self._sign_in else None
        try:
            with self._transport.stream(_with_session(call, session) if session else call) as open_:
                yield open_
        except CallFailed as failed:
            if isinstance(failed.error, NotSignedIn) and self._sign_in and session:
                self._sign_in.forget(session)
            raise

    def _wait_after(self, failed: CallFailed, failures: int, attempts: int) -> None:
        """Wait before the next attempt at a stream, after `failures` in a row without progress.

        Raises:
            FallowError: why there is no next attempt.
        """
        is_stale_session = isinstance(failed.error, NotSignedIn) and self._sign_in and failures == 1
        if failures >= attempts or not (failed.is_retryable or is_stale_session):
            raise failed.error from failed
        self._transport.pause(self._transport.retry.delay_seconds(failures, failed.after_seconds))

    def _post_login(self, request: SessionRequest) -> Session:
        # Not repeatable: a login counts once. The next call signs a new one.
        call = json_call("POST", "/v1/sessions", request, is_repeatable=False)
        return read_answer(Session, self._transport.send(call))


def json_call(method: str, path: str, body: BaseModel, *, is_repeatable: bool = True) -> Call:
    """A call with a JSON body."""
    content = body.model_dump_json().encode()
    headers = {"content-type": "application/json"}
    return Call(method, path, headers=headers, content=content, is_repeatable=is_repeatable)


def read_answer(answer: type[Answer], response: httpx.Response) -> Answer:
    """Read a body. Fields that a newer market added are ignored.

    Raises:
        MarketUnavailable: that is not the body of this endpoint.
    """
    try:
        return answer.model_validate_json(response.content, extra="ignore")
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the body"
        raise MarketUnavailable(
            f"{response.url} does not answer as a market does ({where}: {problem['msg']})"
        ) from None


def hex_path(identity: bytes) -> str:
    """An id as it stands in a path."""
    return to_hex(identity)


def _with_session(call: Call, session: Session) -> Call:
    return replace(call, headers={**call.headers, "authorization": f"Bearer {session.token}"})
