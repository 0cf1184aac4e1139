"""A provider in miniature, to give the real market's jobs to: one thread, the real wasm sandbox."""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.client.client import MarketClient
from protocol.client.wire import (
    DelegationRequest,
    LeaseGrant,
    LeaseResultRequest,
    OfferRequest,
    TaskResult,
)
from protocol.delegation import Delegation
from protocol.errors import Forbidden, NotSignedIn
from protocol.lease import Lease
from protocol.offer import RUNTIME_WASM, Offer
from protocol.result import Outcome, result_root
from protocol.spec import Spec
from protocol.units import Address, Bytes32, ContentId, to_hex
from provider.executors.base import LeaseWork
from provider.executors.wasm import WasmExecutor


def new_account() -> LocalAccount:
    """A fresh key."""
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    return account


class SmallProvider:
    """Delegates, offers, and executes every lease it gets until the block ends."""

    def __init__(self, market: str, folder: Path, ask_per_core_second_wei: int) -> None:
        self.wallet, self.device = new_account(), new_account()
        self.client = MarketClient(market, self.device)
        self._folder = folder
        self._ask_wei = ask_per_core_second_wei
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self.leases = 0

    def __enter__(self) -> Self:
        self._delegate()
        self._offer()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=30)
        self.client.close()

    def _delegate(self) -> None:
        message = Delegation(
            wallet=Address(self.wallet.address),
            device=Address(self.device.address),
            not_after=int(time.time()) + 3600,
            nonce=secrets.randbits(248),  # of epoch 0
        )
        signature = to_hex(message.sign(self.client.domain, self.wallet))
        self.client.delegate(DelegationRequest(delegation=message.to_json(), signature=signature))

    def _offer(self) -> None:
        message = Offer(
            provider=Address(self.wallet.address),
            device=Address(self.device.address),
            runtimes=RUNTIME_WASM,
            cpu_millis=1000,
            memory_bytes=1 << 30,
            disk_bytes=1 << 30,
            ask_per_core_second=self._ask_wei,
            expires_at=int(time.time()) + 600,
            nonce=secrets.randbits(256),
        )
        signature = to_hex(message.sign(self.client.domain, self.device))
        request = OfferRequest(offer=message.to_json(), signature=signature)
        # Until the delegation is mined the market does not know the device.
        for _ in range(60):
            try:
                self.client.put_offer(request)
            except (Forbidden, NotSignedIn):
                time.sleep(0.25)
                self.client.close()
                self.client = MarketClient(self.client.base_url, self.device)
            else:
                return
        raise AssertionError("the delegation did not arrive")

    def _serve(self) -> None:
        while not self._stop.is_set():
            grant = self.client.lease(wait_seconds=1)
            if grant is not None:
                self._execute(grant)
                self.leases += 1

    def _execute(self, grant: LeaseGrant) -> None:
        lease, spec = Lease.from_json(grant.lease), Spec.from_json(grant.spec)
        assert lease.lease_id == grant.lease_id
        code, *shared = (self._fetch(blob) for blob in spec.blobs)
        inputs = [self._fetch(ContentId(blob)) for blob in grant.task_inputs]
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            work = LeaseWork(spec, lease.tasks, code, inputs, shared, Path(scratch))
            outcomes = WasmExecutor().run(work, lambda *_: None)
        self.client.heartbeat(grant.lease_id, len(outcomes))
        self._hand_in(lease, outcomes)

    def _hand_in(self, lease: Lease, outcomes: list[Outcome]) -> None:
        salt = Bytes32(secrets.token_bytes(32))
        digests = [outcome.digest for outcome in outcomes]
        result = lease.result(result_root(lease.lease_id, lease.first_task, digests, salt))
        tasks = [
            TaskResult(task=task, failure=outcome.failure)
            if outcome.failure
            else TaskResult(task=task, output=self.client.put_blob(outcome.output))
            for task, outcome in zip(lease.tasks, outcomes, strict=True)
        ]
        request = LeaseResultRequest(
            result=result.to_json(),
            signature=to_hex(result.sign(self.client.domain, self.device)),
            lease_salt=salt,
            tasks=tasks,
        )
        self.client.post_result(lease.lease_id, request)

    def _fetch(self, blob: ContentId) -> Path:
        return self.client.fetch_blob(blob, self._folder / blob.removeprefix("sha256:"))
