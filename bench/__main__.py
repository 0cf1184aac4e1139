"""`python -m bench [names...]`: measure, show, and write `bench/results.json`."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench import demo, gas, loop, matching, sandbox, setup
from bench.figures import Figure, read_figures, table_of, write_figures
from bench.rounds import Say
from deploy.processes import ProcessEnded
from protocol.errors import FallowError

RESULTS = Path(__file__).parent / "results.json"
Measurement = Callable[[Path, Say], list[Figure]]
MEASUREMENTS: dict[str, Measurement] = {
    "loop": loop.measure,
    "matching": matching.measure,
    "sandbox": sandbox.measure,
    "gas": gas.measure,
    "setup": setup.measure,
    "demo": demo.measure,
}
_FAILURES = (FallowError, ProcessEnded, OSError, subprocess.SubprocessError, AssertionError)


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the figures go")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"no measurement {', '.join(sorted(unknown))}")
    # SIGINT too: a script that runs us in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    console = Console(stderr=True)
    try:
        return _measure(console, options.names or list(MEASUREMENTS), options.output)
    except KeyboardInterrupt:
        console.print("stopped; nothing was written")
        return 130


def _measure(console: Console, names: Sequence[str], output: Path) -> int:
    figures: list[Figure] = []
    failed = False
    for name in names:
        try:
            figures += _one(console, name)
        except _FAILURES as error:
            console.print(f"[red]{name} was not measured:[/] {error or type(error).__name__}")
            failed = True
    write_figures([*_kept(output, names), *figures], output)
    Console().print(table_of(figures))
    console.print(f"written to {output}")
    return int(failed)


def _one(console: Console, name: str) -> list[Figure]:
    """One measurement, in a folder that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix=f"fallow-bench-{name}-") as folder,
        console.status(name) as status,
    ):

        def say(what: str) -> None:
            status.update(f"[bold]{name}[/]: {what}")
            if not console.is_terminal:
                console.print(f"{name}: {what}")

        return MEASUREMENTS[name](Path(folder), say)


def _kept(output: Path, measured: Sequence[str]) -> list[Figure]:
    """Earlier figures of the measurements that were not asked for; a figure's name begins with its
    measurement's."""
    return [
        figure
        for figure in read_figures(output)
        if figure.name.partition(":")[0] in set(MEASUREMENTS) - set(measured)
    ]


if __name__ == "__main__":
    sys.exit(main())
