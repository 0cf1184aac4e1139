"""A job before it is signed: everything that is known of it, its highest price included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from protocol.client.blobs import blob_id_of
from protocol.client.wire import MarketInfo, Quote
from protocol.errors import Conflict, InvalidInput
from protocol.job import MAX_TASKS, Job
from protocol.pricing import RATE_NUMERATOR_PPM, audit_budget_wei
from protocol.ringers import Ringers
from protocol.spec import Spec, encode_task_list
from protocol.units import Address, ContentId, content_id
from requester.draft import Draft, Source, blobs_of, spec_of


@dataclass(frozen=True)
class Work:
    """A spec and every blob that it names."""

    spec: Spec
    task_count: int
    blobs: tuple[Source, ...]


@dataclass(frozen=True)
class Terms:
    """What the requester agrees to. `max_price_per_task_wei` None takes the market's suggestion."""

    max_price_per_task_wei: int | None = None
    deadline_seconds: int = 3600
    not_before: int = 0


@dataclass(frozen=True)
class Plan:
    """A job that can be posted as it is. Posting it twice makes one job."""

    work: Work
    quote: Quote
    job: Job
    ringers: Ringers | None = None
    """Which of its tasks they are, if it has any."""
    ringer_inputs: tuple[ContentId, ...] = field(default=(), repr=False)

    @property
    def total_wei(self) -> int:
        """The most that it can cost; what is not used comes back."""
        return self.job.total_wei

    @property
    def ringers_wei(self) -> int:
        """The most that its ringers can cost, of that: they are paid like every other task."""
        return len(self.ringers.ringers) * self.job.max_price_per_task if self.ringers else 0


def work_of(draft: Draft, inputs: Sequence[Source]) -> Work:
    """Name everything by its content. Nothing is uploaded.

    Raises:
        InvalidInput: no inputs, too many, or an unreadable file.
    """
    if not 1 <= len(inputs) <= MAX_TASKS:
        raise InvalidInput(f"a job has 1 to {MAX_TASKS} tasks, one for each input")
    task_list = encode_task_list([blob_id_of(source) for source in inputs])
    spec = spec_of(draft, content_id(task_list))
    blobs = (*blobs_of(draft), *inputs, task_list)
    return Work(spec, len(inputs), blobs)


def job_of(
    work: Work,
    quote: Quote,
    terms: Terms,
    market: MarketInfo,
    requester: Address,
    now_seconds: int,
    nonce: int,
) -> Job:
    """The job to sign.

    Raises:
        Conflict: no offer fits, and no price was given.
    """
    price_wei, budget_wei = _prices(work, quote, terms)
    return Job(
        requester=requester,
        operator=Address(market.operator),
        token=Address(market.token),
        spec_hash=work.spec.hash,
        task_count=work.task_count,
        max_price_per_task=price_wei,
        audit_budget=budget_wei,
        relayer_fee=quote.relayer_fee_wei,
        not_before=terms.not_before,
        deadline=now_seconds + terms.deadline_seconds,
        nonce=nonce,
    )


def _prices(work: Work, quote: Quote, terms: Terms) -> tuple[int, int]:
    """The price cap of a task and the audit budget, in wei."""
    suggested_wei = quote.suggested_max_price_per_task_wei
    price_wei = terms.max_price_per_task_wei
    if price_wei is None or price_wei == suggested_wei:
        if suggested_wei == 0:
            reason = quote.reason or "no offer fits this job"
            raise Conflict(f"{reason}; try later, or say what a task may cost")
        return suggested_wei, quote.suggested_audit_budget_wei
    if suggested_wei == 0:
        # Nobody knows yet who will come: enough for providers without stake. The rest comes back.
        return price_wei, audit_budget_wei(price_wei, work.task_count, RATE_NUMERATOR_PPM)
    return price_wei, -(-quote.suggested_audit_budget_wei * price_wei // suggested_wei)
