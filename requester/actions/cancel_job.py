"""`fallow job cancel`"""

from __future__ import annotations

from typing import Annotated

import typer

from protocol.client import console
from requester import options, screen


def cancel_job(
    job_id: options.JobId,
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: console.Json = False,
) -> None:
    """Lease no further task of a job. What is done is paid, the rest comes back."""
    with options.opened(market, key_file) as requester:
        handle = requester.job(options.find_job(requester, job_id))
        if not yes:
            screen.confirm(f"Cancel job {handle}?")
        view = handle.cancel()
    if json:
        screen.print_json(view)
    else:
        typer.echo(f"cancelling {handle}")
