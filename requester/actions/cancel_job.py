"""`fallow job cancel`"""

from __future__ import annotations

from typing import Annotated

import typer

from requester import options, screen


def cancel_job(
    job_id: options.JobId,
    market: options.Market = options.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: options.Json = False,
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
