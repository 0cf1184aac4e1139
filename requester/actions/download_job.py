"""`fallow job download`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from protocol.client import console
from requester import options, screen


def download_job(
    job_id: options.JobId,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Where to write them.")],
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take what there is; else every task must be done.")
    ] = False,
    json: console.Json = False,
) -> None:
    """Download a job's results, each checked against its committed hash.

    Run again after an interruption: files that are there and right are kept.
    """
    with options.opened(market, key_file) as requester, screen.bar("downloading") as (shown, bar):
        handle = requester.job(options.find_job(requester, job_id))
        paths = handle.download(
            folder,
            lambda done, total: shown.update(bar, completed=done, total=total),
            partial=partial,
        )
    if json:
        screen.print_json({"job_id": str(handle), "files": [str(path) for path in paths]})
    else:
        typer.echo(f"{len(paths)} results in {folder}")
