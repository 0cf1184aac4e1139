"""What people see: data on stdout, progress and questions on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from protocol.client.wire import JobView
from protocol.errors import InvalidInput
from protocol.lifecycle import Fault
from protocol.units import credits_text
from requester.handle import has_result_count
from requester.inspection import Report, describe

_PIPE_WIDTH = 240


def print_json(value: BaseModel | Sequence[BaseModel] | Mapping[str, Any]) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout; without lines, so that it can be cut by columns."""
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    _stdout().print(table)


def print_facts(facts: Mapping[str, str]) -> None:
    """Names and values on stdout, one in a line."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {value}")


def note(message: str) -> None:
    """A line on stderr."""
    typer.echo(message, err=True)


def confirm(question: str) -> None:
    """Ask on the terminal.

    Raises:
        InvalidInput: there is nobody to ask.
        typer.Abort: the answer is no.
    """
    if not sys.stdin.isatty():
        raise InvalidInput("there is no terminal to confirm this on; say --yes if you mean it")
    if not typer.confirm(question, err=True):
        raise typer.Abort


def credits(wei: int) -> str:  # noqa: A001 - the word for it
    """An amount for a person."""
    return f"{credits_text(wei)} credits"


def faults(lost: Mapping[Fault, int]) -> str:
    """How many leases were lost, and why."""
    return ", ".join(f"{count} {fault}" for fault, count in lost.items())


def report_lines(report: Report) -> Iterator[str]:
    """How a job's ringers stand."""
    yield f"{report.ringers} ringers: {report.right} right, {report.waiting} without a result"
    yield from (f"wrong: {describe(wrong)}" for wrong in report.wrong)


def when(unix_seconds: int) -> str:
    """A time, in the reader's own zone."""
    return datetime.fromtimestamp(unix_seconds).astimezone().isoformat(" ", "seconds")


class JobProgress:
    """Shows how a job stands, whenever it is called with its view."""

    def __init__(self, progress: Progress, bar: TaskID, *, is_live: bool) -> None:
        self._progress = progress
        self._bar = bar
        self._is_live = is_live
        self._last = ""

    def __call__(self, view: JobView) -> None:
        """Show `view`."""
        done = has_result_count(view)
        states = ", ".join(f"{n} {state}" for state, n in view.tasks_by_state.items() if n)
        line = f"{view.status.lower()}: {states}"
        if why := view.stopped_because or view.waiting_because:
            line += f" ({why})"
        if self._is_live:
            self._progress.update(
                self._bar, completed=done, total=view.task_count, description=line
            )
        elif line != self._last:
            note(line)
        self._last = line


@contextmanager
def job_progress() -> Iterator[JobProgress]:
    """A bar on a terminal; elsewhere a line for every change."""
    with bar("job") as (progress, task):
        yield JobProgress(progress, task, is_live=progress.console.is_terminal)


@contextmanager
def bar(description: str) -> Iterator[tuple[Progress, TaskID]]:
    """A progress bar on stderr, if that is a terminal."""
    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    text = TextColumn("{task.description}", markup=False)
    with Progress(*columns, text, console=console, disable=not console.is_terminal) as progress:
        yield progress, progress.add_task(description, total=None)


def _stdout() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_PIPE_WIDTH)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
