"""The market's public events, told in one line each; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.cast import Cast
from protocol.client.wire import Event
from protocol.units import WEI_PER_CREDIT, Bytes32, to_hex


def in_credits(wei: object) -> str:
    """Credits for people: four decimals; exact wei stay in the files."""
    return f"{int(str(wei)) / WEI_PER_CREDIT:.4f} cr"


def _short(digest: object) -> str:
    return f"{str(digest)[:8]}…"


LINES_KEPT = 200
_VERDICTS = {
    0: "void",
    1: "the provider lost",
    2: "the challenger lost",
    3: "out of tolerance",
    4: "the inputs were not available",
}
_LINES: Mapping[str, Callable[[Cast, Mapping[str, Any]], str]] = {
    "batch_committed": lambda _, d: (
        f"[cyan]batch {_short(d['batch_id'])}[/]: {d['tasks']} tasks under one hash"
    ),
    "lease_settled": lambda cast, d: (
        f"[green]paid[/] {in_credits(d['amount_wei'])} to {cast.name(d['provider'])}"
    ),
    "audit_accepted": lambda cast, d: (
        f"[green]audit[/] of task {d['task']} by {cast.name(d['verifier'])}"
    ),
    "dispute_opened": lambda cast, d: (
        f"[yellow]dispute[/] {cast.name(d['challenger'])} contests task {d['task']} of "
        f"{cast.name(d['provider'])}"
    ),
    "committee_drawn": lambda cast, d: (
        f"[yellow]committee[/] {', '.join(cast.name(member) for member in d['members'])}"
    ),
    "vote_revealed": lambda cast, d: f"[yellow]vote[/] revealed by {cast.name(d['member'])}",
    "dispute_resolved": lambda _, d: f"[yellow]verdict[/] {_VERDICTS[int(d['verdict'])]}",
    "slashed": lambda cast, d: (
        f"[bold red]slashed[/] {cast.name(d['provider'])} loses {in_credits(d['amount_wei'])}"
    ),
    "operator_fined": lambda cast, d: (
        f"[bold red]fined[/] {cast.name(d['operator'])} pays {in_credits(d['amount_wei'])}"
    ),
    "lease_released": lambda *_: "[red]released[/] the cheater's tasks are leased again",
}


@dataclass
class Story:
    """What happened so far."""

    cast: Cast
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    counts: dict[str, int] = field(default_factory=dict)
    paid_wei: int = 0
    audited: set[tuple[str, str, int]] = field(default_factory=set)
    """Every (job id, lease id, task) with an accepted audit."""
    slashed_wei: int = 0

    def add(self, event: Event) -> None:
        """Take in one event."""
        self.counts[event.kind] = self.counts.get(event.kind, 0) + 1
        data = event.data
        if event.kind == "lease_settled":
            self.paid_wei += int(data["amount_wei"])
        elif event.kind == "audit_accepted":
            place = str(data["job_id"]), str(data["lease_id"]), int(data["task"])
            self.audited.add(place)
        elif event.kind == "slashed":
            self.slashed_wei += int(data["amount_wei"])
        tell = _LINES.get(event.kind)
        if tell:
            self.lines.append(tell(self.cast, data))

    def audited_of(self, job_id: Bytes32) -> set[tuple[str, int]]:
        """The (lease id, task) of one job with an accepted audit."""
        return {(lease, task) for job, lease, task in self.audited if job == to_hex(job_id)}
