"""`fallow job show`"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from protocol.client import console
from protocol.client.wire import JobView, TaskView
from protocol.units import to_hex
from requester import options, screen
from requester.results import AskedTask


def show_job(
    job_id: options.JobId,
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    tasks: Annotated[bool, typer.Option("--tasks", help="List every task too.")] = False,
    receipt: Annotated[bool, typer.Option("--receipt", help="Show who was paid too.")] = False,
    json: console.Json = False,
) -> None:
    """Show how a job stands."""
    with options.opened(market, key_file) as requester:
        handle = requester.job(options.find_job(requester, job_id))
        view = handle.view()
        asked = list(handle.tasks()) if tasks else None
        paid = handle.receipt() if receipt else None
    if json:
        document: dict[str, Any] = {"job": view}
        document |= {"tasks": [_numbered(task) for task in asked]} if asked is not None else {}
        document |= {"receipt": paid} if paid is not None else {}
        screen.print_json(document)
        return
    ringers = {"ringers": f"{len(handle.ringers.ringers)} of these"} if handle.ringers else {}
    screen.print_facts(_facts(view) | ringers)
    if asked is not None:
        typer.echo()
        screen.print_table(
            ["TASK", "STATE", "ATTEMPTS", "LOST", "PROVIDER", "RESULT"],
            _rows([_numbered(task) for task in asked]),
        )
    if paid is not None:
        typer.echo()
        payments = [
            [
                f"{p.first_task}..{p.first_task + p.count - 1}",
                p.provider,
                screen.credits(p.amount_wei),
            ]
            for p in paid.payments
        ]
        audits = [[str(a.task), a.verifier, screen.credits(a.fee_wei)] for a in paid.audits]
        screen.print_table(["TASKS", "PAID TO", "AMOUNT"], payments + audits)


def _facts(view: JobView) -> dict[str, str]:
    states = ", ".join(f"{n} {state}" for state, n in view.tasks_by_state.items() if n)
    facts = {
        "job": to_hex(view.job_id),
        "label": view.label or "-",
        "status": view.status.value,
        "tasks": f"{view.task_count} ({states})",
        "price cap": f"{screen.credits(view.max_price_per_task_wei)} a task",
        "escrow": screen.credits(view.escrow_wei),
        "paid": screen.credits(view.paid_wei),
        "audit fees": screen.credits(view.audit_fees_wei),
        "refunded": screen.credits(view.refunded_wei),
        "created": screen.when(view.created_at),
        "deadline": screen.when(view.deadline),
    }
    if view.lost_leases:
        facts["lost leases"] = screen.faults(view.lost_leases)
    if view.stopped_because:
        facts["stopped"] = view.stopped_because
    if view.waiting_because:
        facts["waiting"] = view.waiting_because
    return facts


def _numbered(task: AskedTask) -> TaskView:
    """A task under its number among those that were asked for."""
    return task.view.model_copy(update={"task": task.number})


def _rows(views: list[TaskView]) -> list[list[str]]:
    return [
        [
            str(view.task),
            view.state,
            str(view.attempts),
            f"{view.fault}: {view.fault_code}" if view.fault else "-",
            view.provider or "-",
            view.failure or (to_hex(view.result_hash) if view.result_hash else "-"),
        ]
        for view in views
    ]
