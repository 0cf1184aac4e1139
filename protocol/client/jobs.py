"""The calls of a requester."""

from __future__ import annotations

import hashlib
from pathlib import Path

from protocol.client.blobs import MAX_BLOB_BYTES
from protocol.client.calls import Calls, hex_path, json_call
from protocol.client.transport import Call, CallFailed
from protocol.client.wire import (
    CancelRequest,
    JobPage,
    JobRequest,
    JobView,
    Quote,
    QuoteRequest,
    Receipt,
    TaskPage,
)
from protocol.errors import BlobMismatch, BlobTooLarge, InvalidInput
from protocol.result import OUTPUT_PREFIX
from protocol.units import Bytes32, parse_bytes32


class JobCalls(Calls):
    """/v1/quotes and /v1/jobs."""

    def quote(self, request: QuoteRequest) -> Quote:
        """POST /v1/quotes"""
        return self._post("/v1/quotes", request, Quote)

    def post_job(self, request: JobRequest) -> JobView:
        """POST /v1/jobs. The same job again has the same answer."""
        return self._post("/v1/jobs", request, JobView)

    def jobs(self, limit: int = 50, cursor: str | None = None) -> JobPage:
        """GET /v1/jobs: this account's jobs, newest first."""
        params: dict[str, str | int] = {"limit": limit}
        if cursor is not None:
            params["cursor"] = cursor
        return self._get("/v1/jobs", JobPage, params)

    def job(self, job_id: bytes) -> JobView:
        """GET /v1/jobs/{job_id}"""
        return self._get(f"/v1/jobs/{hex_path(job_id)}", JobView)

    def tasks(self, job_id: bytes, first_task: int = 0) -> TaskPage:
        """GET /v1/jobs/{job_id}/tasks: at most 1,000 from `first_task` on."""
        params: dict[str, str | int] = {"first_task": first_task}
        return self._get(f"/v1/jobs/{hex_path(job_id)}/tasks", TaskPage, params)

    def cancel_job(self, job_id: bytes, request: CancelRequest) -> None:
        """POST /v1/jobs/{job_id}/cancel"""
        self._send(json_call("POST", f"/v1/jobs/{hex_path(job_id)}/cancel", request))

    def receipt(self, job_id: bytes) -> Receipt:
        """GET /v1/jobs/{job_id}/receipt"""
        return self._get(f"/v1/jobs/{hex_path(job_id)}/receipt", Receipt)

    def fetch_task_result(
        self, job_id: bytes, task: int, path: Path, expected: bytes, max_bytes: int
    ) -> Path:
        """GET /v1/jobs/{job_id}/tasks/{task}/result into the file `path`, whole and right.

        `expected` is the task's resultHash, as committed.

        Raises:
            BlobMismatch: the market sent another output than the committed one.
            BlobTooLarge: there are more than `max_bytes`.
            NotFound: the task has no committed result yet.
        """
        return self._fetch(_result_call(job_id, task), path, expected, max_bytes)

    def fetch_results(self, job_id: bytes, path: Path, max_bytes: int = MAX_BLOB_BYTES) -> Path:
        """GET /v1/jobs/{job_id}/results into the file `path`: a zip of all committed outputs.

        What is in it is not checked here; `fetch_task_result` is.

        Raises:
            BlobTooLarge: there are more than `max_bytes`.
        """
        call = Call("GET", f"/v1/jobs/{hex_path(job_id)}/results")
        return self._fetch(call, path, None, max_bytes)

    def task_result(self, job_id: bytes, task: int) -> tuple[bytes, Bytes32]:
        """GET /v1/jobs/{job_id}/tasks/{task}/result: the output, and its hash as the market says.

        Raises:
            BlobMismatch: the output does not have that hash.
            NotFound: the task has no committed result yet.
        """
        response = self._send(_result_call(job_id, task))
        claimed = _parse_hash(response.headers.get("result-hash", ""))
        if hashlib.sha256(OUTPUT_PREFIX + response.content).digest() != claimed:
            raise BlobMismatch(f"the output of task {task} does not have its Result-Hash")
        return response.content, claimed

    def _fetch(self, call: Call, path: Path, expected: bytes | None, max_bytes: int) -> Path:
        part = path.with_name(path.name + ".part")
        try:
            digest = self._write_again(call, part, max_bytes)
            if expected is not None and digest != expected:
                raise BlobMismatch("the market sent another output than the committed one")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def _write_again(self, call: Call, part: Path, max_bytes: int) -> bytes:
        failures = 0
        while True:
            try:
                return self._write(call, part, max_bytes)
            except CallFailed as failed:
                failures += 1
                self._wait_after(failed, failures, self._transport.retry.attempts)

    def _write(self, call: Call, part: Path, max_bytes: int) -> bytes:
        """Write one answer's body into `part`; return its digest as an output."""
        digest = hashlib.sha256(OUTPUT_PREFIX)
        size_bytes = 0
        with self._stream(call) as response, part.open("wb") as file:
            for piece in response.iter_bytes():
                size_bytes += len(piece)
                if size_bytes > max_bytes:
                    raise BlobTooLarge(f"the output is larger than {max_bytes} bytes")
                digest.update(piece)
                file.write(piece)
        return digest.digest()


def _result_call(job_id: bytes, task: int) -> Call:
    return Call("GET", f"/v1/jobs/{hex_path(job_id)}/tasks/{task}/result")


def _parse_hash(text: str) -> Bytes32:
    try:
        return parse_bytes32(text)
    except InvalidInput as error:
        raise BlobMismatch(f"the market sent no Result-Hash: {error}") from None
