"""`fallow job check`: look at the ringers' results, and act on what is wrong."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from protocol.client import console
from protocol.errors import ClaimFailed, FallowError
from requester import options, screen
from requester.handle import JobHandle
from requester.inspection import Report

PAUSE_SECONDS = 2.0


def check_job(
    job_id: options.JobId,
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    rpc: console.RpcUrl = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Until every ringer is done and no dispute is open.")
    ] = False,
    json: console.Json = False,
) -> None:
    """Check a job's ringers: contest what is wrong, unseat verifiers that agreed.

    Run it before the dispute window ends, as often as you like: nothing is done twice. Contesting
    takes a bond from the balance and gas from the wallet. Exit codes: 0 nothing was wrong so far,
    9 a ringer's result was wrong, 4 this machine knows no ringers of the job.
    """
    with options.opened(market, key_file, rpc) as requester:
        handle = requester.job(options.find_job(requester, job_id))
        report = _wait(handle) if wait else handle.check()
    if json:
        document: dict[str, Any] = {"job_id": str(handle), **report.to_json()}
        screen.print_json(document)
    else:
        for line in screen.report_lines(report):
            typer.echo(line)
    if report.wrong:
        raise ClaimFailed(f"{len(report.wrong)} results of ringers were wrong")


def _wait(handle: JobHandle) -> Report:
    """Outages are waited out; a job that has ended has no more results."""
    while True:
        try:
            is_finished = handle.view().finished_at is not None
            report = handle.check()
            if report.is_over or is_finished:
                return report
        except FallowError as error:
            if not error.retryable:
                raise
        time.sleep(PAUSE_SECONDS)
