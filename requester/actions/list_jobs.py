"""`fallow job list`"""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from protocol.client import console
from protocol.units import credits_text, to_hex
from requester import options, screen
from requester.handle import has_result_count


def list_jobs(
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    json: console.Json = False,
) -> None:
    """List the wallet's jobs, newest first."""
    with options.opened(market, key_file) as requester:
        views = list(islice(requester.jobs(), limit))
    if json:
        screen.print_json(views)
        return
    rows = [
        [
            to_hex(view.job_id),
            view.status,
            f"{has_result_count(view)}/{view.task_count}",
            credits_text(view.paid_wei),
            screen.when(view.created_at),
            view.label,
        ]
        for view in views
    ]
    screen.print_table(["JOB", "STATUS", "DONE", "PAID", "CREATED", "LABEL"], rows)
