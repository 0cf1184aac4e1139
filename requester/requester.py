"""The SDK: jobs on a thousand strangers' machines, in a few lines.

with MarketClient("http://127.0.0.1:8080", wallet) as market:
    requester = Requester(market, wallet)
    draft = WasmDraft(program("textstats"))
    outcomes = requester.map(draft, [b"one", b"two"], budget_wei=2 * WEI_PER_CREDIT)
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

from eth_account.signers.local import LocalAccount

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.events import EventReader
from protocol.client.blobs import OnProgress
from protocol.client.client import MarketClient
from protocol.client.console import data_home
from protocol.client.deployment import deployment_of
from protocol.client.wire import AccountView, JobRequest, JobView, QuoteRequest
from protocol.errors import InsufficientFunds, InvalidInput, NotFound
from protocol.result import Outcome
from protocol.ringers import hidden, mixed
from protocol.typed_data import nonce_of
from protocol.units import Address, Bytes32, credits_text, to_hex
from requester.courier import Courier
from requester.deposit import deposit
from requester.draft import Draft, Source
from requester.handle import JobHandle, OnView
from requester.inspection import Inspector, require_resolved
from requester.plan import Plan, Terms, job_of, work_of
from requester.ringers import KnownTask, Note, Notes, known_inputs

UPLOADS_AT_ONCE = 4
_SECRET = secrets.SystemRandom()
NONCE_BITS = 248
"""The other 8 bits of a nonce are its signer's epoch."""


class Requester:
    """A wallet that posts jobs to one market.

    It needs no gas and no access to the chain, but for ringers, see `JobHandle.check`. These are
    remembered in the folder `state`, and the chain is asked at `rpc_url`, or where the market says.
    """

    def __init__(
        self,
        client: MarketClient,
        wallet: LocalAccount,
        now: Callable[[], float] = time.time,
        state: Path | None = None,
        rpc_url: str | None = None,
    ) -> None:
        if client.address != Address(wallet.address):
            raise InvalidInput("the client is not signed in as this wallet")
        self.client = client
        self._wallet = wallet
        self._now = now
        self._state = state or data_home("requester")
        self._notes = Notes(self._state / "ringers")
        self._rpc_url = rpc_url

    @property
    def address(self) -> Address:
        """The wallet's address."""
        return Address(self._wallet.address)

    def account(self) -> AccountView:
        """The wallet's money."""
        return self.client.account(self.address)

    def deposit(self, amount_wei: int, timeout_seconds: float = 60.0) -> AccountView:
        """Move credits from the wallet into the market by a permit that the operator relays.

        Raises:
            InsufficientFunds: the wallet does not hold as many.
            MarketUnavailable: it was not relayed in time.
        """
        return deposit(self.client, self._wallet, amount_wei, timeout_seconds)

    def plan(
        self,
        draft: Draft,
        inputs: Sequence[Source],
        terms: Terms | None = None,
        idempotency_key: str | None = None,
        known: Sequence[KnownTask] = (),
    ) -> Plan:
        """Ask what it would cost. Nothing is uploaded or signed.

        What is `known` becomes ringers, at secret places among the inputs. They are paid for like
        all tasks, checked when their results are there, and never among the results.

        Jobs with the same `idempotency_key` share one nonce, and a market takes only one job of a
        requester under a nonce, whatever happens between two attempts. The chain does not check.

        Raises:
            InvalidInput: inputs or spec break a rule, or a ringer was used before, or there are
                ringers in a job with a comparator: no digest is known beforehand there.
            Conflict: no offer fits, and `terms` name no price.
        """
        if known and draft.comparator is not None:
            raise InvalidInput(
                "ringers need exact results: what a comparator allows has more than one digest;"
                " leave out the ringers or the tolerance"
            )
        names = known_inputs(known)
        self._notes.require_unused(names, self._was_posted)
        ringers = hidden(len(inputs), [task.result_hash for task in known], _SECRET)
        work = work_of(draft, mixed(ringers, inputs, [task.source for task in known]))
        request = QuoteRequest(spec=work.spec.to_json(), task_count=work.task_count)
        quote = self.client.quote(request)
        job = job_of(
            work,
            quote,
            terms or Terms(),
            self.client.market(),
            self.address,
            int(self._now()),
            self._nonce(idempotency_key),
        )
        return Plan(work, quote, job, ringers if known else None, names)

    def post(self, plan: Plan, budget_wei: int, on_upload: OnProgress | None = None) -> JobHandle:
        """Upload, sign and post. The same plan posted again is the same job, paid once.

        Raises:
            InsufficientFunds: it may cost more than `budget_wei`, or than the balance holds.
            ChainUnavailable: it has ringers, and the chain does not answer.
        """
        if plan.total_wei > budget_wei:
            raise InsufficientFunds(
                f"the job may cost {credits_text(plan.total_wei)} credits, over the budget of "
                f"{credits_text(budget_wei)}"
            )
        job_id = plan.job.job_id(self.client.domain)
        if self._was_posted(job_id):
            return self.job(job_id)
        self._require_balance(plan.total_wei)
        self._remember(plan, job_id)
        self._upload(plan.work.blobs, on_upload)
        signature = plan.job.sign(self.client.domain, self._wallet)
        request = JobRequest(
            job=plan.job.to_json(), signature=to_hex(signature), spec=plan.work.spec.to_json()
        )
        self.client.post_job(request)
        return self.job(job_id)

    def submit(
        self,
        draft: Draft,
        inputs: Sequence[Source],
        budget_wei: int,
        terms: Terms | None = None,
        idempotency_key: str | None = None,
        known: Sequence[KnownTask] = (),
    ) -> JobHandle:
        """`plan` and `post` in one: one task for each input, at most `budget_wei` in all."""
        return self.post(self.plan(draft, inputs, terms, idempotency_key, known), budget_wei)

    def map(
        self,
        draft: Draft,
        inputs: Sequence[Source],
        budget_wei: int,
        terms: Terms | None = None,
        on_view: OnView | None = None,
        known: Sequence[KnownTask] = (),
    ) -> list[Outcome]:
        """Run `draft` on every input and return the outcomes in their order.

        A program that fails on an input gives an outcome with a `failure`, not an error.

        Raises:
            ClaimFailed: of what is `known` a result is wrong, and that could not be put right.
        """
        handle = self.submit(draft, inputs, budget_wei, terms, known=known)
        _, report = handle.wait_checked(on_view)
        require_resolved(report)
        return [result.outcome for result in handle.results()]

    def job(self, job_id: Bytes32) -> JobHandle:
        """A job that was posted earlier."""
        note = self._notes.find(job_id)
        if note is None:
            return JobHandle(self.client, self._wallet, job_id)
        inspector = partial(self._inspector, job_id, note)
        return JobHandle(self.client, self._wallet, job_id, note.ringers, inspector)

    def jobs(self) -> Iterator[JobView]:
        """The wallet's jobs, newest first."""
        cursor: str | None = None
        while True:
            page = self.client.jobs(cursor=cursor)
            yield from page.jobs
            cursor = page.next_cursor
            if cursor is None or not page.jobs:
                return

    def _remember(self, plan: Plan, job_id: Bytes32) -> None:
        """Before anybody hears of the job: a crash must not leave ringers that nobody knows."""
        if plan.ringers is not None:
            first_block = self._contracts().block_number()
            self._notes.add(job_id, Note(plan.ringers, plan.ringer_inputs, first_block))

    def _inspector(self, job_id: Bytes32, note: Note) -> Inspector:
        contracts = self._contracts()
        since = replace(contracts.deployment, deployed_block=note.first_block)
        return Inspector(
            client=self.client,
            contracts=contracts,
            reader=EventReader(contracts.web3, since),
            send=Courier(contracts, self._wallet, self._state).send,
            me=self.address,
            job_id=job_id,
            ringers=note.ringers,
        )

    def _contracts(self) -> Contracts:
        market = self.client.market()
        return Contracts(connect(self._rpc_url or market.rpc_url), deployment_of(market))

    def _nonce(self, idempotency_key: str | None) -> int:
        epoch = self.account().epoch
        if idempotency_key is None:
            return nonce_of(epoch, secrets.randbits(NONCE_BITS))
        text = f"{self.address}\n{idempotency_key}"
        digest = hashlib.sha256(text.encode()).digest()
        return nonce_of(epoch, int.from_bytes(digest[: NONCE_BITS // 8]))

    def _was_posted(self, job_id: Bytes32) -> bool:
        try:
            self.client.job(job_id)
        except NotFound:
            return False
        return True

    def _require_balance(self, needed_wei: int) -> None:
        balance_wei = self.account().balance_wei
        if balance_wei < needed_wei:
            raise InsufficientFunds(
                f"the balance is {credits_text(balance_wei)} credits, the job may cost "
                f"{credits_text(needed_wei)}: deposit {credits_text(needed_wei - balance_wei)}"
            )

    def _upload(self, sources: Sequence[Source], on_upload: OnProgress | None) -> None:
        """Upload each blob once. Progress is told in blobs."""
        distinct = list(dict.fromkeys(sources))
        done = count(1)
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            for _ in pool.map(self.client.put_blob, distinct):
                if on_upload:
                    on_upload(next(done), len(distinct))
