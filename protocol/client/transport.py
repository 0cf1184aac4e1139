"""One HTTP call at a time: sent, tried again where that is safe, its failure named."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from protocol.client.problems import error_of
from protocol.client.retry import Retry
from protocol.errors import BlobIncomplete, FallowError, InvalidInput, MarketUnavailable

MAX_ERROR_BYTES = 1 << 20
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Call:
    """A request. One that `is_repeatable` may arrive twice without harm."""

    method: str
    path: str
    params: Mapping[str, str | float] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    is_repeatable: bool = True
    extra_seconds: float = 0.0


class CallFailed(Exception):
    """Why one attempt failed, and whether another one makes sense. Never leaves this package."""

    def __init__(
        self,
        error: FallowError,
        *,
        was_sent: bool = True,
        after_seconds: float = 0.0,
        status: int | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        # A market's own mistake (500) may pass; trying again is for the caller's bounds to end.
        self.is_retryable = error.retryable or status == httpx.codes.INTERNAL_SERVER_ERROR
        self.was_sent = was_sent
        self.after_seconds = after_seconds
        self.status = status


class Transport:
    """A market's address and the connections to it. Safe to share between threads."""

    def __init__(self, base_url: str, timeout_seconds: float, retry: Retry) -> None:
        url = _parse_base_url(base_url)
        self.base_url = str(url).rstrip("/")
        self.retry = retry
        self._timeout_seconds = timeout_seconds
        self._closing = threading.Event()
        # A proxy from the environment is never meant for this machine's own services.
        self._http = httpx.Client(base_url=self.base_url, trust_env=not _is_loopback(url.host))

    def close(self) -> None:
        """Close the connections; calls that wait to be tried again fail now."""
        self._closing.set()
        self._http.close()

    def send(self, call: Call) -> httpx.Response:
        """Send `call`, and again after a passing failure if that is safe.

        Raises:
            MarketUnavailable: the market cannot be reached, or says to come back later.
            FallowError: whatever the market answered.
        """
        failures = 0
        while True:
            try:
                return self._once(call)
            except CallFailed as failed:
                failures += 1
                if failures >= self.retry.attempts or not _may_repeat(call, failed):
                    raise failed.error from failed
                self.pause(self.retry.delay_seconds(failures, failed.after_seconds))

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx.Response]:
        """One attempt at a call whose answer is read piece by piece.

        Raises:
            CallFailed: before, or inside the block, while the answer is read.
        """
        with self._failures_named(), self._http.stream(**self._request(call)) as response:
            if response.is_success:
                yield response
                return
            _read_bounded(response)
            raise _failed(response)

    def pause(self, seconds: float) -> None:
        """Wait, unless the transport is closed.

        Raises:
            MarketUnavailable: it is.
        """
        if self._closing.wait(seconds):
            raise MarketUnavailable("the connection to the market was closed")

    def _once(self, call: Call) -> httpx.Response:
        with self._failures_named():
            response = self._http.request(**self._request(call))
        if not response.is_success:
            raise _failed(response)
        return response

    def _request(self, call: Call) -> dict[str, Any]:
        timeout = httpx.Timeout(
            self._timeout_seconds, read=self._timeout_seconds + call.extra_seconds
        )
        return {
            "method": call.method,
            "url": call.path,
            "params": dict(call.params),
            "headers": dict(call.headers),
            "content": call.content,
            "timeout": timeout,
        }

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.StreamError) as error:
            sent = not isinstance(error, _NEVER_SENT)
            raise CallFailed(self._unavailable(error), was_sent=sent) from error
        except RuntimeError as error:
            # What httpx raises once it is closed, possibly by another thread.
            if not self._closing.is_set():
                raise
            raise CallFailed(self._unavailable(error)) from error

    def _unavailable(self, error: Exception) -> MarketUnavailable:
        what = str(error) or type(error).__name__
        return MarketUnavailable(f"no answer from the market at {self.base_url}: {what}")


def _may_repeat(call: Call, failed: CallFailed) -> bool:
    if not failed.is_retryable or isinstance(failed.error, BlobIncomplete):
        return False
    return call.is_repeatable or not failed.was_sent


def _failed(response: httpx.Response) -> CallFailed:
    # A market that answers 503 has refused the call: nothing was done, even for an unsafe one.
    refused = response.status_code in (429, 503)
    return CallFailed(
        error_of(response),
        was_sent=not refused,
        after_seconds=_retry_after(response),
        status=response.status_code,
    )


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _read_bounded(response: httpx.Response) -> None:
    """Read an error's body, which a stream leaves unread; too long a one is dropped."""
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_ERROR_BYTES:
            body = b""
            break
    response._content = body


def _parse_base_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError) as error:
        raise InvalidInput(f"not a market's address: {text!r}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidInput(f"a market's address begins with http:// or https://, not {text!r}")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
