"""What the demo found, as `summary.json` and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from deploy.demo.books import Books
from deploy.demo.cast import Cast
from deploy.demo.stages import Stages
from deploy.demo.story import Story, in_credits
from protocol.client.wire import Receipt
from protocol.units import to_hex


@dataclass(frozen=True)
class Findings:
    """Everything the summary is made of."""

    task_count: int
    providers: Mapping[str, str]
    verifiers: Mapping[str, str]
    receipt: Receipt
    books: Books
    stages: Stages
    audited: Set[tuple[str, int]]
    """Every (lease id, task) of the job whose audit was accepted."""
    extra: Mapping[str, Any]


def summary(findings: Findings) -> dict[str, Any]:
    """The summary as JSON values; wei are decimal text."""
    receipt = findings.receipt
    audited = findings.audited | {(to_hex(s.lease_id), s.task) for s in receipt.slashes}
    return {
        "tasks": findings.task_count,
        "providers": dict(findings.providers),
        "verifiers": dict(findings.verifiers),
        "job_id": to_hex(receipt.job_id),
        "audited_tasks": len(audited),
        "audit_share": round(len(audited) / findings.task_count, 4),
        "slashed": [
            {"provider": s.provider, "task": s.task, "amount_wei": str(s.amount_wei)}
            for s in receipt.slashes
            if s.amount_wei
        ],
        "paid": [
            {"provider": p.provider, "tasks": p.count, "amount_wei": str(p.amount_wei)}
            for p in receipt.payments
        ],
        "audit_fees": [
            {"verifier": a.verifier, "task": a.task, "amount_wei": str(a.fee_wei)}
            for a in receipt.audits
        ],
        "refunded_wei": str(receipt.refunded_wei),
        "conserved": findings.books.are_balanced,
        "wall_seconds": findings.stages.wall_seconds,
        "seconds_by_stage": findings.stages.seconds,
        **findings.extra,
    }


def money_table(receipt: Receipt, cast: Cast) -> Table:
    """Who was paid, slashed, refunded."""
    table = Table(title="Who got what", title_justify="left")
    for column in ("who", "what for"):
        table.add_column(column)
    table.add_column("credits", justify="right")
    for provider in sorted({p.provider for p in receipt.payments}, key=cast.name):
        mine = [p for p in receipt.payments if p.provider == provider]
        tasks = sum(p.count for p in mine)
        amount = in_credits(sum(p.amount_wei for p in mine))
        table.add_row(cast.name(provider), f"{tasks} tasks", f"[green]+{amount}[/]")
    for verifier in sorted({a.verifier for a in receipt.audits}, key=cast.name):
        fees = [a.fee_wei for a in receipt.audits if a.verifier == verifier]
        table.add_row(
            cast.name(verifier),
            f"{len(fees)} audit{'s'[: len(fees) > 1]}",
            f"[green]+{in_credits(sum(fees))}[/]",
        )
    for slash in receipt.slashes:
        what = f"lost the dispute about task {slash.task}" + (
            "" if slash.amount_wei else " (nothing left to slash)"
        )
        table.add_row(cast.name(slash.provider), what, f"[red]-{in_credits(slash.amount_wei)}[/]")
    table.add_row("you", "refund of what was not used", f"+{in_credits(receipt.refunded_wei)}")
    return table


def facts(story: Story) -> dict[str, int]:
    """How often what happened."""
    return dict(sorted(story.counts.items()))
