"""From a market's problem details (RFC 9457) to the error tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import httpx
from pydantic import ValidationError

from protocol import errors
from protocol.client.wire import Problem
from protocol.errors import FallowError

PROBLEM_TYPE = "application/problem+json"
_RETRY_LATER_STATUSES: Final = frozenset({408, 425, 429, 502, 503, 504})
_ERROR_BY_STATUS: Final[Mapping[int, type[FallowError]]] = {
    401: errors.NotSignedIn,
    402: errors.InsufficientFunds,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.BlobTooLarge,
}


def error_of(response: httpx.Response) -> FallowError:
    """The error that an unsuccessful `response`, already read, stands for.

    A class is found by the problem's `code`; a code that this version does not know, and an answer
    that is no problem at all (from a proxy, say), by the HTTP status.
    """
    problem = _problem(response)
    if problem is None:
        return _by_status(response.status_code)(_sentence(response))
    known = ERROR_BY_CODE.get(problem.code) or _by_status(response.status_code)
    error = known(problem.detail or problem.title)
    error.add_note(f"request {problem.request_id}")
    return error


def _problem(response: httpx.Response) -> Problem | None:
    if response.headers.get("content-type", "").partition(";")[0].strip() != PROBLEM_TYPE:
        return None
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return None


def _by_status(status: int) -> type[FallowError]:
    if status in _RETRY_LATER_STATUSES:
        return errors.MarketUnavailable
    if status in _ERROR_BY_STATUS:
        return _ERROR_BY_STATUS[status]
    return errors.InvalidInput if 400 <= status < 500 else FallowError


def _sentence(response: httpx.Response) -> str:
    return f"{response.url} answered {response.status_code} {response.reason_phrase}".rstrip()


def _tree(root: type[FallowError]) -> Iterator[type[FallowError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


ERROR_BY_CODE: Final[Mapping[str, type[FallowError]]] = {
    kind.code: kind for kind in _tree(FallowError) if kind.__module__ == errors.__name__
}
