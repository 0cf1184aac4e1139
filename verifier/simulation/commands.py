"""`fallow simulate`: does cheating pay?

Heavy imports wait until it is performed: `--help` answers at once.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protocol.client.console import Json
from protocol.errors import ClaimFailed

if TYPE_CHECKING:
    from verifier.simulation.simulation import Profile, Report

app = typer.Typer()
DEFAULT_SEED = 1


class Size(StrEnum):
    """How thoroughly."""

    QUICK = "quick"
    FULL = "full"


_EPILOG = (
    "Examples: fallow simulate  |  fallow simulate --profile full --plots build/plots  |  "
    "fallow simulate --strategy friend --strategy lazy-verifier --without equivocation  |  "
    "fallow simulate --without penalties --json.  "
    "Exit codes: 0 every claim holds (quick: none fails); 2 bad usage; 9 a claim fails, "
    "or with --profile full is not decided. See docs/simulation.md."
)


@app.command(epilog=_EPILOG)
def simulate(
    profile: Annotated[Size, typer.Option(help="quick: seconds. full: minutes.")] = Size.QUICK,
    seed: Annotated[int, typer.Option(help="The same seed gives the same report.")] = DEFAULT_SEED,
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="Play only this one, and no honest people; may be repeated."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=2, help="Of each strategy.", show_default="by profile")
    ] = None,
    tasks: Annotated[
        int | None,
        typer.Option(min=1, max=100_000_000, help="Of honest people.", show_default="by profile"),
    ] = None,
    providers: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Honest ones.", show_default="by profile"),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave out a rule, to see what it is for; may be repeated."),
    ] = None,
    plots: Annotated[Path | None, typer.Option(help="Write SVG charts into this folder.")] = None,
    as_json: Json = False,
) -> None:
    """Play every known way to cheat against the real rules, and check that none of them pays."""
    size = _size(profile, trials, tasks, providers)
    report = _run(size, seed, strategy or [], without or [])
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        from verifier.simulation.screen import show

        show(report)
    if plots is not None:
        from verifier.simulation.plots import write_plots

        for path in write_plots(report, plots):
            typer.echo(f"wrote {path}", err=True)
    if failed := report.failed(is_thorough=size.is_thorough):
        raise ClaimFailed("does not hold: " + "; ".join(claim.text for claim in failed))


def _size(name: Size, trials: int | None, tasks: int | None, providers: int | None) -> Profile:
    from dataclasses import replace

    from verifier.simulation.simulation import PROFILES

    size = PROFILES[name]
    return replace(
        size,
        trials=trials or size.trials,
        tasks=tasks or size.tasks,
        providers=providers or size.providers,
    )


def _run(size: Profile, seed: int, names: list[str], without: list[str]) -> Report:
    from verifier.simulation.screen import progress_bars
    from verifier.simulation.simulation import simulate as run
    from verifier.simulation.strategies.catalogue import choose
    from verifier.simulation.switches import setting_of

    setting = setting_of(without)
    strategies = choose(names)
    with progress_bars() as progress:
        return run(setting, size, strategies, seed, with_population=not names, progress=progress)
