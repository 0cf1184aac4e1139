"""The one error tree of Fallow.

A class carries what every edge needs: a stable `code`, the HTTP status a market answers with,
whether trying again can help, and the CLI's exit code. The message says what to do.
"""

from __future__ import annotations

from typing import ClassVar


class FallowError(Exception):
    """Something Fallow can name went wrong."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    @property
    def message(self) -> str:
        """The sentence to show a person."""
        return str(self) or (type(self).__doc__ or "").strip()


class InvalidInput(FallowError):
    """The input does not follow the protocol."""

    code = "invalid_input"
    http_status = 422
    exit_code = 2


class InvalidSpec(InvalidInput):
    """The job's spec breaks a rule."""

    code = "invalid_spec"


class SpecHashMismatch(InvalidInput):
    """The spec is not the one that the job signs."""

    code = "spec_hash_mismatch"


class DeadlinePassed(InvalidInput):
    """The deadline is in the past."""

    code = "deadline_passed"


class WrongMarket(InvalidInput):
    """The message names another market, chain, token or operator."""

    code = "wrong_market"


class BadSignature(FallowError):
    """The signature does not belong to the claimed signer."""

    code = "bad_signature"
    http_status = 401
    exit_code = 3


class MessageExpired(BadSignature):
    """The signed message is no longer, or not yet, valid."""

    code = "message_expired"


class NonceUsed(FallowError):
    """The signed message was used before."""

    code = "nonce_used"
    http_status = 409
    exit_code = 3


class NotSignedIn(FallowError):
    """Sign in first: the request carries no valid session."""

    code = "not_signed_in"
    http_status = 401
    exit_code = 3


class Forbidden(FallowError):
    """This account may not do that."""

    code = "forbidden"
    http_status = 403
    exit_code = 3


class NotFound(FallowError):
    """There is nothing under that name, or it is not yours to see."""

    code = "not_found"
    http_status = 404
    exit_code = 4


class Conflict(FallowError):
    """The request does not fit the current state."""

    code = "conflict"
    http_status = 409
    exit_code = 5


class LeaseLost(Conflict):
    """The lease expired, was granted again or is already finished; drop its work."""

    code = "lease_lost"


class IllegalMove(Conflict):
    """The lifecycle has no such move."""

    code = "illegal_move"


class InsufficientFunds(FallowError):
    """The account's free balance does not cover this."""

    code = "insufficient_funds"
    http_status = 402
    exit_code = 6


class BlobMismatch(InvalidInput):
    """The bytes do not have the digest that their content id promises."""

    code = "blob_mismatch"


class BlobTooLarge(FallowError):
    """The blob is larger than announced or allowed."""

    code = "blob_too_large"
    http_status = 413
    exit_code = 2


class BlobIncomplete(Conflict):
    """The upload is not complete; continue it from its offset."""

    code = "blob_incomplete"
    retryable = True


class ChainUnavailable(FallowError):
    """The chain endpoint does not answer; the work is kept and will be tried again."""

    code = "chain_unavailable"
    http_status = 503
    retryable = True
    exit_code = 7


class ChainRejected(FallowError):
    """The contract refused the transaction."""

    code = "chain_rejected"
    http_status = 409
    exit_code = 7


class MarketUnavailable(FallowError):
    """The market does not answer; try again."""

    code = "market_unavailable"
    http_status = 503
    retryable = True
    exit_code = 7


class IntakePaused(FallowError):
    """The guardian keeps new money out for a while, and touches nothing inside; try again later."""

    code = "intake_paused"
    http_status = 503
    retryable = True
    exit_code = 7


class ExecutorUnavailable(FallowError):
    """This device cannot run that kind of task."""

    code = "executor_unavailable"
    http_status = 503
    exit_code = 8


class ExecutionFailed(FallowError):
    """The device could not finish the execution, for a reason that is not the task's own."""

    code = "execution_failed"
    retryable = True
    exit_code = 8


class NotDeterministic(FallowError):
    """Two executions of one task gave two results: the job's program is not deterministic."""

    code = "not_deterministic"
    http_status = 409
    exit_code = 8


class ClaimFailed(FallowError):
    """A claim that the rules must keep does not hold."""

    code = "claim_failed"
    exit_code = 9
