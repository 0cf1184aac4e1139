"""The tiny market with jobs: it runs every task in a Python function, at once, and keeps books."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from protocol.errors import Forbidden, InsufficientFunds, NonceUsed, NotFound
from protocol.job import Cancellation, Job
from protocol.result import Outcome
from protocol.spec import Spec, decode_task_list
from protocol.typed_data import epoch_of, parse_signature
from protocol.units import WEI_PER_CREDIT, to_hex
from tests.client.tiny_market import DOMAIN, OPERATOR, TOKEN, TinyMarket

PRICE_WEI = WEI_PER_CREDIT // 10
AUDIT_WEI = WEI_PER_CREDIT // 4
RELAYER_WEI = 7
ADDRESS = re.compile(r"/v1/accounts/(0x[0-9a-fA-F]{40})")
JOB = re.compile(r"/v1/jobs/0x([0-9a-f]{64})(/.*)?")


@dataclass
class PostedJob:
    """A job, its spec and its outcomes so far."""

    job: Job
    spec: Spec
    outcomes: dict[int, Outcome]
    created_at: int
    cancelled: bool = False
    stopped_because: str | None = None


@dataclass
class JobMarket(TinyMarket):
    """Balances in wei by address; `run` is what a task does; `held` tasks get no result."""

    wallets: dict[str, int] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    permit_nonces: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    permits: list[dict[str, Any]] = field(default_factory=list)
    posted: dict[str, PostedJob] = field(default_factory=dict)
    run: Callable[[bytes], Outcome] = lambda data: Outcome(data[::-1])
    held: set[int] = field(default_factory=set)
    fitting_offers: int = 2
    wrong_outputs: dict[int, bytes] = field(default_factory=dict)

    async def _scripted(self, request: Request) -> Response:
        body = await request.body()
        value: Any = json.loads(body) if body else None
        path, method = request.url.path, request.method
        if (method, path) in self.answers:
            return self.answers[method, path](request)
        if (method, path) == ("POST", "/v1/quotes"):
            return JSONResponse(self._quote(value))
        if (method, path) == ("POST", "/v1/deposits"):
            return JSONResponse(self._deposit(value), 202)
        if (method, path) == ("POST", "/v1/development/faucet"):
            self.wallets[value["address"]] = self.wallets.get(value["address"], 0) + 10**20
            return JSONResponse({"key": "faucet"}, 202)
        if found := ADDRESS.fullmatch(path):
            return JSONResponse(self._account(found[1]))
        return self._jobs(request, value, self.require_session(request))

    def _jobs(self, request: Request, value: Any, who: str) -> Response:
        if request.url.path == "/v1/jobs":
            if request.method == "POST":
                return JSONResponse(self._post(value, who), 202)
            views = [self._view(key) for key in reversed(self.posted)]
            return JSONResponse({"jobs": views, "next_cursor": None})
        found = JOB.fullmatch(request.url.path)
        if found is None or found[1] not in self.posted:
            raise NotFound
        if self.posted[found[1]].job.requester != who:
            raise Forbidden
        return self._job(found[1], found[2] or "", request, value)

    def _job(self, key: str, rest: str, request: Request, value: Any) -> Response:
        posted = self.posted[key]
        if rest == "":
            return JSONResponse(self._view(key))
        if rest == "/tasks":
            return JSONResponse(self._tasks(posted, int(request.query_params["first_task"])))
        if rest == "/cancel":
            cancellation = Cancellation(bytes.fromhex(key))  # type: ignore[arg-type]
            signature = parse_signature(value["signature"])
            cancellation.require_signer(DOMAIN, signature, posted.job.requester)
            posted.cancelled = True
            return JSONResponse(self._view(key), 202)
        if rest == "/receipt":
            return JSONResponse(self._receipt(key))
        task = int(rest.removeprefix("/tasks/").removesuffix("/result"))
        outcome = posted.outcomes[task]
        data = self.wrong_outputs.get(task, outcome.output)
        return Response(data, headers={"result-hash": to_hex(Outcome(data).digest)})

    def _quote(self, value: Any) -> dict[str, Any]:
        Spec.from_json(value["spec"])
        count = value["task_count"] if self.fitting_offers else 0
        return {
            "fitting_offers": self.fitting_offers,
            "price_per_task_wei": str(PRICE_WEI if count else 0),
            "suggested_max_price_per_task_wei": str(PRICE_WEI if count else 0),
            "suggested_audit_budget_wei": str(AUDIT_WEI if count else 0),
            "relayer_fee_wei": str(RELAYER_WEI),
            "total_wei": str(count * PRICE_WEI + AUDIT_WEI + RELAYER_WEI),
            "reason": None if count else "no device offers that much memory",
        }

    def _deposit(self, value: Any) -> dict[str, Any]:
        owner, amount = value["owner"], int(value["amount_wei"])
        self.permits.append(value)
        self.wallets[owner] -= amount
        self.balances[owner] = self.balances.get(owner, 0) + amount
        self.permit_nonces[owner] = self.permit_nonces.get(owner, 0) + 1
        return {"key": "deposit"}

    def _account(self, address: str) -> dict[str, Any]:
        zero = ["stake_wei", "unvested_wei", "unstaking_wei", "earned_wei", "slashed_wei"]
        return {
            "address": address,
            "wallet_credits_wei": str(self.wallets.get(address, 0)),
            "balance_wei": str(self.balances.get(address, 0)),
            "seats": 0,
            "permit_nonce": self.permit_nonces.get(address, 0),
            "epoch": self.epochs.get(address, 0),
            "leases_by_status": {},
            "lost_leases": {},
        } | dict.fromkeys(zero, "0")

    def _post(self, value: Any, who: str) -> dict[str, Any]:
        job, spec = Job.from_json(value["job"]), Spec.from_json(value["spec"])
        job.require_signer(DOMAIN, parse_signature(value["signature"]), job.requester)
        job.check(OPERATOR, job.token, int(time.time()))
        assert job.requester == who
        assert job.token.lower() == TOKEN.lower()
        assert job.spec_hash == spec.hash
        assert epoch_of(job.nonce) == self.epochs.get(job.requester, 0)
        key = job.job_id(DOMAIN).hex()
        if key not in self.posted:
            self._open(key, job, spec)
        return self._view(key)

    def _open(self, key: str, job: Job, spec: Spec) -> None:
        if any(other.job.nonce == job.nonce for other in self.posted.values()):
            raise NonceUsed
        if self.balances.get(job.requester, 0) < job.total_wei:
            raise InsufficientFunds
        self.balances[job.requester] -= job.total_wei
        for blob_id in spec.blobs:
            assert blob_id in self.blobs
        inputs = decode_task_list(self.blobs[spec.task_list], job.task_count)
        outcomes = {
            task: self.run(self.blobs[blob_id])
            for task, blob_id in enumerate(inputs)
            if task not in self.held
        }
        self.posted[key] = PostedJob(job, spec, outcomes, int(time.time()))

    def _view(self, key: str) -> dict[str, Any]:
        posted = self.posted[key]
        job, done = posted.job, len(posted.outcomes)
        is_full = done == job.task_count
        status = "SETTLED" if is_full else "CANCELLED" if posted.cancelled else "RUNNING"
        paid = done * PRICE_WEI
        return {
            "job_id": "0x" + key,
            "requester": job.requester,
            "label": posted.spec.label,
            "status": status,
            "is_on_chain": True,
            "task_count": job.task_count,
            "tasks_by_state": {"paid": done, "waiting": job.task_count - done},
            "max_price_per_task_wei": str(job.max_price_per_task),
            "audit_budget_wei": str(job.audit_budget),
            "escrow_wei": str(job.escrow_wei),
            "paid_wei": str(paid),
            "audit_fees_wei": "0",
            "refunded_wei": str(job.escrow_wei - paid if is_full else 0),
            "created_at": posted.created_at,
            "deadline": job.deadline,
            "finished_at": posted.created_at if is_full or posted.cancelled else None,
            "waiting_because": None,
            "stopped_because": posted.stopped_because,
            "lost_leases": {"offline": 2, "error": 1} if posted.stopped_because else {},
            "spec": posted.spec.to_json(),
        }

    def _tasks(self, posted: PostedJob, first: int, page: int = 3) -> dict[str, Any]:
        last = min(first + page, posted.job.task_count)
        views = [_task_view(task, posted.outcomes.get(task)) for task in range(first, last)]
        return {"tasks": views, "next_task": last if last < posted.job.task_count else None}

    def _receipt(self, key: str) -> dict[str, Any]:
        posted = self.posted[key]
        payment = {
            "lease_id": "0x" + "01" * 32,
            "provider": OPERATOR.lower(),
            "first_task": 0,
            "count": len(posted.outcomes),
            "amount_wei": str(len(posted.outcomes) * PRICE_WEI),
            "batch_id": "0x" + "04" * 32,
            "result_root": "0x" + "02" * 32,
            "transaction": "0x" + "03" * 32,
        }
        view = self._view(key)
        return {name: view[name] for name in ("job_id", "status", "escrow_wei", "refunded_wei")} | {
            "payments": [payment],
            "audits": [],
            "slashes": [],
        }


def _task_view(task: int, outcome: Outcome | None) -> dict[str, Any]:
    return {
        "task": task,
        "state": "paid" if outcome else "waiting",
        "provider": OPERATOR.lower() if outcome else None,
        "lease_id": "0x" + "01" * 32 if outcome else None,
        "attempts": 1,
        "fault": None if outcome else "error",
        "fault_code": None if outcome else "disk_full",
        "failure": outcome.failure if outcome else None,
        "result_hash": to_hex(outcome.digest) if outcome else None,
        "result_bytes": len(outcome.output) if outcome else None,
    }
