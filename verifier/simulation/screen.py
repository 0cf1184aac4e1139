"""A report for people: tables on stdout, progress on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from verifier.simulation.claims import Status
from verifier.simulation.population import Census
from verifier.simulation.simulation import Progress, Report
from verifier.simulation.trials import Outcome

_COLOURS = {Status.PASS: "green", Status.FAIL: "bold red", Status.UNDECIDED: "yellow"}
_PIPE_WIDTH = 200


def show(report: Report) -> None:
    """The whole report."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    console.print(_strategies(report.outcomes))
    console.print("Money in prices of a task; gain is measured against honest work.\n")
    if report.census is not None:
        console.print(_census(report.census))
    console.print(_claims(report))


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A bar for every step, on stderr, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn())
    bars = Bars(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal)
    current: list[TaskID] = []

    def start(name: str, total: int) -> None:
        for task in current:
            bars.remove_task(task)
        current[:] = [bars.add_task(name, total=total)]
        if not console.is_terminal:
            console.print(name)

    with bars:
        yield Progress(start, lambda count: bars.advance(current[0], count))


def _strategies(outcomes: tuple[Outcome, ...]) -> Table:
    right = ("gain", "p99", "per wrong act", "99 % bounds", "caught", "median", "p99 ", "harm")
    table = Table("strategy", box=None, pad_edge=False, header_style="bold")
    for name in right:
        table.add_column(name, justify="right")
    table.add_column("")
    for outcome in outcomes:
        table.add_row(
            outcome.name,
            f"{outcome.gain_mean:+.2f}",
            f"{outcome.gain_p99:+.1f}",
            f"{outcome.gain_per_cheat:+.3f}",
            f"{outcome.gain_per_cheat_low:+.3f} {outcome.gain_per_cheat_high:+.3f}",
            f"{outcome.caught_share:.0%}",
            _count(outcome.caught_median),
            _count(outcome.caught_p99),
            f"{outcome.harm_mean:+.1f}",
            _judgement(outcome),
        )
    return table


def _judgement(outcome: Outcome) -> Text:
    if outcome.known_limit:
        return Text(f"known limit: {outcome.known_limit}", style="yellow")
    if outcome.is_profitable:
        return Text("GAINS", style="bold red")
    return Text("" if outcome.is_unprofitable else "too few trials to tell", style="yellow")


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _census(census: Census) -> Table:
    rows = (
        ("tasks, leases, providers", f"{census.tasks:,}, {census.leases:,}, {census.providers:,}"),
        ("audits, of them again", f"{census.audits:,}, {census.re_audits:,}"),
        ("leases left or late", f"{census.expired_leases:,}"),
        ("late results refused", f"{census.late_results_refused:,}"),
        ("bit flips, conceded, paid", _flips(census)),
        ("right audits of lost leases", f"{census.unpaid_audits}"),
        ("false accusations", f"{census.false_accusations}"),
        ("audit overhead, established", f"{census.steady_overhead:.2%}"),
        ("audit overhead, newcomers", f"{census.newcomer_overhead:.2%}"),
    )
    table = Table("honest people", "", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table


def _flips(census: Census) -> str:
    return f"{census.bit_flips}, {census.concessions}, {census.wrong_results_paid}"


def _claims(report: Report) -> Table:
    table = Table("claim", "", "measured", box=None, pad_edge=False, header_style="bold")
    for claim in report.claims:
        status = Text(claim.status.upper(), style=_COLOURS[claim.status])
        table.add_row(Text(claim.text), status, Text(claim.measured))
    return table
