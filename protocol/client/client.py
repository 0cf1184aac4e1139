"""The client of a market: one method for each endpoint, wire models in and out.

    with MarketClient("http://127.0.0.1:8080", account) as market:
        market.put_blob(Path("weights.bin"))

Every failure is a class of `protocol.errors`. Passing ones are tried again where a second arrival
does no harm. One client serves all threads of a process.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from protocol.client.accounts import AccountCalls
from protocol.client.audits import AuditCalls
from protocol.client.blobs import BlobCalls
from protocol.client.jobs import JobCalls
from protocol.client.leases import LeaseCalls
from protocol.client.server_events import EventCalls


class MarketClient(BlobCalls, JobCalls, LeaseCalls, AuditCalls, AccountCalls, EventCalls):
    """`MarketClient(base_url, account=None, domain=None, timeout_seconds=10, retry=Retry())`.

    `account` signs in (a wallet, or a device's key); without it only public calls work. `domain`
    pins the chain and contract that signatures are for; without it the market is asked.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
