"""The live view: progress, leases, audits, the dispute, money."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.demo.story import Story, in_credits
from protocol.client.client import MarketClient
from protocol.client.wire import JobView, TaskState
from protocol.errors import FallowError

_STATES: dict[TaskState, tuple[str, str]] = {
    "waiting": ("·", "white"),
    "leased": ("▒", "blue"),
    "committed": ("▓", "cyan"),
    "audited": ("▓", "magenta"),
    "disputed": ("!", "yellow"),
    "slashed": ("x", "red"),
    "paid": ("█", "green"),
}
_DONE: tuple[TaskState, ...] = ("committed", "audited", "paid")
_STORY_LINES = 12
PLAIN_SECONDS = 5.0


class LiveView:
    """Shows a job until it is left; without a terminal, a line now and then."""

    def __init__(self, console: Console, story: Story) -> None:
        self._console = console
        self._story = story
        self._begin = time.monotonic()
        self._view: JobView | None = None
        self._shown_lines = 0
        self._shown_at = 0.0
        self._lock = threading.Lock()
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def update(self, view: JobView) -> None:
        """Take in how the job stands."""
        with self._lock:
            self._view = view
        if not self._console.is_terminal:
            self._print_plain(view)

    def _print_plain(self, view: JobView) -> None:
        lines = list(self._story.lines)
        for line in lines[self._shown_lines :]:
            self._console.print(f"  {line}")
        self._shown_lines = len(lines)
        now = time.monotonic()
        if now - self._shown_at >= PLAIN_SECONDS:
            self._shown_at = now
            states = ", ".join(f"{n} {state}" for state, n in view.tasks_by_state.items() if n)
            self._console.print(f"[{now - self._begin:5.1f} s] {view.status}: {states}")

    def _render(self) -> Group:
        with self._lock:
            view = self._view
        if view is None:
            return Group(Text("posting the job ..."))
        return Group(self._progress(view), Columns([self._money(view), self._events()]))

    def _progress(self, view: JobView) -> Panel:
        by_state = view.tasks_by_state
        done = sum(by_state.get(state, 0) for state in _DONE)
        grid = Text()
        for state, (mark, colour) in _STATES.items():
            grid.append(mark * by_state.get(state, 0), style=colour)
        legend = Text("  ").join(
            Text(f"{mark} {state} {by_state.get(state, 0)}", style=colour)
            for state, (mark, colour) in _STATES.items()
        )
        bar = ProgressBar(total=view.task_count, completed=done)
        title = f"{view.label or 'job'} · {view.status} · {time.monotonic() - self._begin:.0f} s"
        return Panel(Group(bar, grid, legend), title=title, title_align="left")

    def _money(self, view: JobView) -> Panel:
        table = Table.grid(padding=(0, 2))
        for name, wei in (
            ("in escrow", view.escrow_wei),
            ("paid to providers", view.paid_wei),
            ("paid for audits", view.audit_fees_wei),
            ("slashed", self._story.slashed_wei),
            ("refunded", view.refunded_wei),
        ):
            table.add_row(name, Text(in_credits(wei), justify="right"))
        return Panel(table, title="money", title_align="left")

    def _events(self) -> Panel:
        lines = list(self._story.lines)[-_STORY_LINES:]
        body = Group(*(Text.from_markup(line) for line in lines))
        return Panel(body, title="what happens", title_align="left")


def follow_events(client: MarketClient, story: Story, stop: threading.Event) -> threading.Thread:
    """Feed the story from the market's public events until `stop` is set."""

    def follow() -> None:
        last_event_id: int | None = None
        while not stop.is_set():
            try:
                for event in client.events(None, last_event_id):
                    story.add(event)
                    last_event_id = event.event_id
                    if stop.is_set():
                        return
            except FallowError:
                stop.wait(0.5)

    thread = threading.Thread(target=follow, name="events", daemon=True)
    thread.start()
    return thread
