"""The bodies of the REST API: one definition, used by the market and by its clients.

Names are snake_case. Signed messages travel as their EIP-712 JSON (camelCase, exactly what was
signed). Wei and other big integers are decimal text, digests and signatures 0x hex.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from protocol.lifecycle import Fault, JobStatus, LeaseStatus
from protocol.units import parse_address, parse_bytes32, parse_content_id, parse_uint, to_hex

# Each says its own JSON form: without it, a schema would call wei a number and a hash binary.
Wei = Annotated[
    int,
    BeforeValidator(lambda value: parse_uint(value, 256)),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,78}$"}),
]
Hash = Annotated[
    bytes,
    BeforeValidator(parse_bytes32),
    PlainSerializer(to_hex, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$"}),
]
AddressText = Annotated[
    str,
    BeforeValidator(parse_address),
    WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}),
]
BlobId = Annotated[
    str,
    BeforeValidator(parse_content_id),
    WithJsonSchema({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}),
]
SignatureText = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{130,4096}$")]
Message = dict[str, Any]

# Where a market listens, and is looked for, unless told otherwise.
DEFAULT_PORT = 8080

TaskState = Literal["waiting", "leased", "committed", "audited", "disputed", "paid", "slashed"]


class Wire(BaseModel):
    """The base: unknown fields are refused, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(BaseModel):
    """RFC 9457 problem details; `code` and `retryable` come from the error tree."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str


class MarketInfo(Wire):
    """GET /v1/market"""

    chain_id: int
    market: AddressText
    token: AddressText
    arbiter: AddressText
    beacon: AddressText
    deployed_block: int = Field(ge=0)
    operator: AddressText
    rpc_url: str
    relayer_fee_wei: Wei
    heartbeat_seconds: int
    is_development: bool
    # As the market started: what a governor has changed since (`DisputeTerms`), the chain knows.
    params: dict[str, Any]


class SessionRequest(Wire):
    """POST /v1/sessions"""

    login: Message
    signature: SignatureText


class Session(Wire):
    """The token goes into `Authorization: Bearer`; it is shown once."""

    token: str
    account: AddressText
    wallet: AddressText
    expires_at: int


class UploadRequest(Wire):
    """POST /v1/uploads"""

    blob_id: BlobId
    size_bytes: int = Field(ge=0)


class Upload(Wire):
    """An upload: PATCH its bytes from `offset_bytes` on, until `is_complete`."""

    blob_id: BlobId
    size_bytes: int
    offset_bytes: int
    is_complete: bool


class QuoteRequest(Wire):
    """POST /v1/quotes"""

    spec: dict[str, Any]
    task_count: int = Field(ge=1)


class Quote(Wire):
    """What a job would cost now: from the cheapest fitting offers to the dearest."""

    fitting_offers: int
    price_per_task_wei: Wei
    suggested_max_price_per_task_wei: Wei
    suggested_audit_budget_wei: Wei
    relayer_fee_wei: Wei
    total_wei: Wei
    reason: str | None = None


class JobRequest(Wire):
    """POST /v1/jobs"""

    job: Message
    signature: SignatureText
    spec: dict[str, Any]


class JobView(Wire):
    """GET /v1/jobs/{job_id}"""

    job_id: Hash
    requester: AddressText
    label: str
    status: JobStatus
    is_on_chain: bool
    task_count: int
    tasks_by_state: dict[TaskState, int]
    max_price_per_task_wei: Wei
    audit_budget_wei: Wei
    escrow_wei: Wei
    paid_wei: Wei
    audit_fees_wei: Wei
    refunded_wei: Wei
    created_at: int
    deadline: int
    finished_at: int | None
    waiting_because: str | None
    stopped_because: str | None
    lost_leases: dict[Fault, int]
    spec: dict[str, Any]


class JobPage(Wire):
    """GET /v1/jobs"""

    jobs: list[JobView]
    next_cursor: str | None


class TaskView(Wire):
    """One task of GET /v1/jobs/{job_id}/tasks

    `fault` and its code are those of the last lease that lost it. `failure` is the program's own.
    """

    task: int
    state: TaskState
    provider: AddressText | None
    lease_id: Hash | None
    attempts: int
    fault: Fault | None
    fault_code: str | None
    failure: str | None
    result_hash: Hash | None
    result_bytes: int | None


class TaskPage(Wire):
    """All tasks from `first_task` on, at most 1,000."""

    tasks: list[TaskView]
    next_task: int | None


class CancelRequest(Wire):
    """POST /v1/jobs/{job_id}/cancel: the requester's signature of a Cancellation."""

    signature: SignatureText


class Receipt(Wire):
    """GET /v1/jobs/{job_id}/receipt: what was paid to whom, checkable on chain."""

    job_id: Hash
    status: JobStatus
    escrow_wei: Wei
    refunded_wei: Wei
    payments: list[Payment]
    audits: list[AuditPayment]
    slashes: list[Slash]


class Payment(Wire):
    """A settled lease."""

    lease_id: Hash
    provider: AddressText
    first_task: int
    count: int
    amount_wei: Wei
    batch_id: Hash
    result_root: Hash
    transaction: Hash


class AuditPayment(Wire):
    """An audit whose fee its verifier has got."""

    lease_id: Hash
    task: int
    verifier: AddressText
    fee_wei: Wei
    transaction: Hash


class Slash(Wire):
    """A lost dispute."""

    dispute_id: int
    lease_id: Hash
    task: int
    provider: AddressText
    challenger: AddressText
    amount_wei: Wei
    transaction: Hash


class AccountView(Wire):
    """GET /v1/accounts/{address}: the chain's facts of an account.

    What the account signs counts only if the first byte of its nonce is `epoch`.
    """

    address: AddressText
    wallet_credits_wei: Wei
    balance_wei: Wei
    stake_wei: Wei
    unvested_wei: Wei
    unstaking_wei: Wei
    seats: int
    epoch: int
    permit_nonce: int
    earned_wei: Wei
    slashed_wei: Wei
    leases_by_status: dict[LeaseStatus, int]
    lost_leases: dict[Fault, int]


class LeaseSummary(Wire):
    """One lease of GET /v1/accounts/{address}/leases"""

    lease_id: Hash
    job_id: Hash
    first_task: int
    count: int
    amount_wei: Wei
    status: LeaseStatus
    fault: Fault | None
    fault_code: str | None
    granted_at: int


class LeasePage(Wire):
    """GET /v1/accounts/{address}/leases, newest first."""

    leases: list[LeaseSummary]
    next_cursor: str | None


class PermitDeposit(Wire):
    """POST /v1/deposits: an EIP-2612 permit for Market, relayed by the operator."""

    owner: AddressText
    amount_wei: Wei
    deadline: int
    signature: SignatureText


class DelegationRequest(Wire):
    """POST /v1/delegations"""

    delegation: Message
    signature: SignatureText


class Relayed(Wire):
    """202: the operator will send it; poll the account or the job."""

    key: str


class OfferRequest(Wire):
    """PUT /v1/offers"""

    offer: Message
    signature: SignatureText


class OfferView(Wire):
    """A standing offer."""

    offer_id: Hash
    provider: AddressText
    expires_at: int


class LeaseGrant(Wire):
    """POST /v1/leases: work. `task_inputs[i]` is the input of task `lease.firstTask + i`."""

    lease_id: Hash
    lease: Message
    spec: dict[str, Any]
    task_inputs: list[BlobId]
    expires_at: int
    heartbeat_seconds: int


class Heartbeat(Wire):
    """POST /v1/leases/{lease_id}/heartbeat"""

    tasks_done: int = Field(ge=0)


class HeartbeatReply(Wire):
    """Until when the lease now lasts."""

    expires_at: int


class TaskResult(Wire):
    """One task's outcome: the blob of its output, or its deterministic failure's code."""

    task: int
    output: BlobId | None = None
    failure: str | None = None


class LeaseResultRequest(Wire):
    """POST /v1/leases/{lease_id}/result; the outputs were uploaded before."""

    result: Message
    signature: SignatureText
    lease_salt: Hash
    tasks: list[TaskResult]


class LeaseFailure(Wire):
    """POST /v1/leases/{lease_id}/failure: the device gives the lease back."""

    code: str = Field(pattern=r"^[a-z0-9_]{0,64}$")
    detail: str = Field(max_length=2000)


class AuditGrant(Wire):
    """POST /v1/audits: what a drawn verifier needs to re-run one task, and no result of it."""

    spec: dict[str, Any]
    task_input: BlobId


class AuditRequest(Wire):
    """Names one drawn task, for an audit or as a member of a dispute's committee."""

    batch_id: Hash
    lease_id: Hash
    task: int
    dispute_id: int | None = None


class AuditCommitmentRequest(Wire):
    """POST /v1/audits/commitments, POST /v1/disputes/{dispute_id}/commitments

    The commitment is an AuditCommitment in an exact job, a ToleranceCommitment in one with a
    comparator: the same fields, signed under another name.
    """

    commitment: Message
    signature: SignatureText


class OpeningView(Wire):
    """The provider's digest of one task, with its path to the resultRoot.

    `output` is the provider's output, for whoever may fetch it now to compare its own with it.
    """

    digest: Hash
    salt: Hash
    proof: list[Hash]
    output: BlobId | None = None


class AuditResultRequest(Wire):
    """POST /v1/audits/results"""

    result: Message
    signature: SignatureText


class AuditOutcome(Wire):
    """Whether the verifier's digest is the provider's."""

    agrees: bool


class Event(Wire):
    """One server-sent event of GET /v1/events and GET /v1/jobs/{job_id}/events."""

    event_id: int
    kind: str
    at: int
    job_id: Hash | None
    data: dict[str, Any]


Receipt.model_rebuild()
