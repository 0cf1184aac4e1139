"""The requester's commands: `fallow job ...` and `fallow account ...`."""

from __future__ import annotations

import typer

from requester.actions.accounts import account_key, fund_account, show_account
from requester.actions.cancel_job import cancel_job
from requester.actions.check_job import check_job
from requester.actions.download_job import download_job
from requester.actions.list_jobs import list_jobs
from requester.actions.ringers_for_job import ringers_for_job
from requester.actions.run_job import run_job
from requester.actions.show_job import show_job

app = typer.Typer(help="Run work on a market, and look after it.", no_args_is_help=True)
app.command("run")(run_job)
app.command("list")(list_jobs)
app.command("show")(show_job)
app.command("check")(check_job)
app.command("ringers")(ringers_for_job)
app.command("cancel")(cancel_job)
app.command("download")(download_job)

account_app = typer.Typer(help="The wallet and its money.", no_args_is_help=True)
account_app.command("show")(show_account)
account_app.command("fund")(fund_account)
account_app.command("key")(account_key)
