"""Jobs: quote, post, look, cancel, download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, StreamingResponse

from market.api.dependencies import PrincipalDep, ServicesDep
from protocol.client.wire import (
    CancelRequest,
    Hash,
    JobPage,
    JobRequest,
    JobView,
    Quote,
    QuoteRequest,
    Receipt,
    TaskPage,
)
from protocol.job import MAX_TASKS
from protocol.typed_data import parse_signature
from protocol.units import Bytes32, to_hex

router = APIRouter(tags=["jobs"])
TaskIndex = Annotated[int, PathParameter(ge=0, le=MAX_TASKS)]


@router.post("/v1/quotes")
def create_quote(body: QuoteRequest, services: ServicesDep) -> Quote:
    """What a job of this spec would cost now."""
    return services.quotes.quote(body.spec, body.task_count)


@router.post("/v1/jobs", status_code=202)
def create_job(
    body: JobRequest, who: PrincipalDep, services: ServicesDep, response: Response
) -> JobView:
    """Post a signed job. Posting the same one again gives the same answer."""
    view = services.jobs.post(who, body.job, parse_signature(body.signature), body.spec)
    response.headers["Location"] = f"/v1/jobs/{to_hex(view.job_id)}"
    return view


@router.get("/v1/jobs")
def list_jobs(
    who: PrincipalDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> JobPage:
    """One's own jobs, newest first."""
    return services.jobs.list(who, limit, cursor)


@router.get("/v1/jobs/{job_id}")
def get_job(job_id: Hash, who: PrincipalDep, services: ServicesDep) -> JobView:
    """One job."""
    return services.jobs.get(who, Bytes32(job_id))


@router.get("/v1/jobs/{job_id}/tasks")
def list_tasks(
    job_id: Hash,
    who: PrincipalDep,
    services: ServicesDep,
    first_task: Annotated[int, Query(ge=0, le=MAX_TASKS)] = 0,
) -> TaskPage:
    """The job's tasks from `first_task` on, at most 1,000."""
    return services.jobs.tasks(who, Bytes32(job_id), first_task)


@router.post("/v1/jobs/{job_id}/cancel", status_code=202)
def cancel_job(
    job_id: Hash, body: CancelRequest, who: PrincipalDep, services: ServicesDep
) -> JobView:
    """Relay the requester's signed Cancellation: no further task is leased."""
    return services.jobs.cancel(who, Bytes32(job_id), parse_signature(body.signature))


@router.get("/v1/jobs/{job_id}/receipt")
def get_receipt(job_id: Hash, who: PrincipalDep, services: ServicesDep) -> Receipt:
    """What was paid to whom, with the transactions that show it."""
    return services.jobs.receipt(who, Bytes32(job_id))


@router.get("/v1/jobs/{job_id}/tasks/{task}/result", response_class=FileResponse)
def get_task_result(
    job_id: Hash, task: TaskIndex, who: PrincipalDep, services: ServicesDep
) -> FileResponse:
    """The output of one task, once it is committed. `Result-Hash` is its digest on chain."""
    found = services.results.output(who, Bytes32(job_id), task)
    headers = {"Result-Hash": to_hex(found.digest), "ETag": f'"{to_hex(found.digest)}"'}
    return FileResponse(found.path, media_type="application/octet-stream", headers=headers)


@router.get("/v1/jobs/{job_id}/results", response_class=StreamingResponse)
def get_results(job_id: Hash, who: PrincipalDep, services: ServicesDep) -> StreamingResponse:
    """A zip of all committed outputs: `task-000000.bin`, or `task-000000.failed` with a code."""
    chunks = services.results.archive(who, Bytes32(job_id))
    name = f"{to_hex(job_id)[:10]}-results.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)
