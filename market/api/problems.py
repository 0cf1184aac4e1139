"""RFC 9457: every refusal is a problem with a stable code and a request id."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from protocol.client.wire import Problem
from protocol.errors import FallowError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:fallow:problem:"
_log = logging.getLogger(__name__)

# Every operation documents its refusals with this one model.
_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused", "content": _CONTENT},
    "5XX": {"description": "Not now", "content": _CONTENT},
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "blob_too_large"}


def install(app: FastAPI) -> None:
    """Turn every exception that reaches the edge into a problem."""
    app.add_exception_handler(FallowError, _on_fallow_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_bug)


def problem(request: Request, status: int, code: str, detail: str, retryable: bool) -> JSONResponse:
    """The response for one refusal."""
    body = Problem(
        type=TYPE_PREFIX + code,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        request_id=request.scope.get("request_id", ""),
    )
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if retryable and status == 503:
        headers["Retry-After"] = "1"
    return JSONResponse(body.model_dump(), status, headers, MEDIA_TYPE)


def _on_fallow_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FallowError)
    if error.http_status >= 500:
        _log.warning("%s: %s", error.code, error.message)
    return problem(request, error.http_status, error.code, error.message, error.retryable)


def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return problem(request, 422, "invalid_input", f"{where}: {first['msg']}", retryable=False)


def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "invalid_input")
    return problem(request, error.status_code, code, str(error.detail), retryable=False)


def _on_bug(request: Request, error: Exception) -> JSONResponse:
    _log.error("request %s failed", request.scope.get("request_id"), exc_info=error)
    return problem(request, 500, "internal", "the market made a mistake", retryable=True)
