"""`fallow job run`: plan, show the price, post, wait, fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from protocol.client import console
from protocol.client.wire import JobView
from protocol.spec import CPU_CLASSES
from protocol.units import parse_credits
from requester import options, screen
from requester.actions.ringers_for_job import needed_ringers
from requester.actions.work import Order, Recipe
from requester.handle import JobHandle, Until
from requester.inspection import Report, require_resolved
from requester.plan import Plan, Terms
from requester.requester import Requester
from requester.ringers import read_known
from requester.tolerance import EXAMPLE


def run_job(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="The command in the image, after --.", show_default=False),
    ] = None,
    recipe: Annotated[Recipe | None, typer.Option(help="Ready AI work.")] = None,
    texts: Annotated[
        Path | None, typer.Option(help='For embeddings: a file of JSON lines {"text": ...}.')
    ] = None,
    texts_per_task: Annotated[int, typer.Option(min=1, help="For embeddings.")] = 10,
    program: Annotated[
        str | None, typer.Option(help="A wasm module's path, or the name of one that comes along.")
    ] = None,
    image: Annotated[Path | None, typer.Option(help="A container image's archive.")] = None,
    input_files: Annotated[
        list[Path] | None, typer.Option("--input", help="An input; each makes one task.")
    ] = None,
    split_lines: Annotated[
        int | None, typer.Option(min=1, help="Cut each input into tasks of so many lines.")
    ] = None,
    shared: Annotated[list[Path] | None, typer.Option(help="A file that every task gets.")] = None,
    ringers: Annotated[
        Path | None,
        typer.Option(
            help='Tasks with known results, hidden among the others: JSON lines {"input": FILE, '
            '"output": FILE}; instead of output "result_hash" or "failure".',
        ),
    ] = None,
    guess: options.Guess = None,
    label: Annotated[str, typer.Option(help="What to call it.")] = "",
    wall_seconds: Annotated[int, typer.Option(min=1, help="A task's time limit; it is paid.")] = 60,
    memory_mib: Annotated[int, typer.Option(min=1, help="A task's memory.")] = 256,
    cpu_class: Annotated[
        str | None,
        typer.Option(help=f"Only on processors of this class: {', '.join(CPU_CLASSES)}."),
    ] = None,
    tolerance: Annotated[
        str | None,
        typer.Option(
            help=f"How far honest results may differ: {EXAMPLE}; or cosine,dtype=float32,"
            "dimensions=384,least=0.9999; or psnr,least_db=40; or custom,module=compare.wasm.",
            show_default="not a bit",
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Hard cap: the most that the job may cost, in credits.")
    ] = None,
    max_price: Annotated[
        str | None,
        typer.Option(
            help="The most for one task, in credits.", show_default="what the market suggests"
        ),
    ] = None,
    deadline_seconds: Annotated[int, typer.Option(min=1, help="How long it may take.")] = 3600,
    idempotency_key: Annotated[
        str | None, typer.Option(help="At most one job is ever opened under the same key.")
    ] = None,
    deposit: Annotated[
        bool, typer.Option("--deposit", help="Deposit what is missing from the wallet.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for results.")] = False,
    until: Annotated[Until, typer.Option(help="Wait for results, or for payments too.")] = (
        Until.RESULTS
    ),
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for results; for embeddings, an .npy file."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before posting.")] = False,
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    rpc: console.RpcUrl = None,
    json: console.Json = False,
) -> None:
    """Run work on a market: the price is shown first, and nothing is posted without consent.

    fallow job run --program textstats --input book.txt --split-lines 100 -o results

    fallow job run --recipe embeddings --texts paragraphs.jsonl -o vectors.npy

    fallow job run --image net.tar --input x.bin --tolerance psnr,least_db=40 -o out -- /net
    """
    order = Order(
        recipe=recipe,
        texts=texts,
        texts_per_task=texts_per_task,
        program=program,
        image=image,
        command=tuple(words or ()),
        input_files=tuple(input_files or ()),
        split_lines=split_lines,
        shared=tuple(shared or ()),
        label=label,
        wall_seconds=wall_seconds,
        memory_mib=memory_mib,
        cpu_class=cpu_class,
        tolerance=tolerance,
    )
    terms = Terms(parse_credits(max_price) if max_price else None, deadline_seconds)
    known = read_known(ringers) if ringers else []
    with options.opened(market, key_file, rpc) as requester:
        plan = requester.plan(order.draft(), order.inputs(), terms, idempotency_key, known)
        budget_wei = parse_credits(budget) if budget else plan.total_wei
        _mention_ringers(requester, plan, guess)
        _agree(plan, budget_wei, yes=yes)
        if deposit:
            _deposit_missing(requester, plan)
        handle = _post(requester, plan, budget_wei)
        view, report = (handle.view(), None) if detach else _wait(handle, until)
        files = [] if detach or output is None else order.save(handle, output)
    _print(handle, view, report, files, json=json)
    require_resolved(report)


def _mention_ringers(requester: Requester, plan: Plan, guess: float | None) -> None:
    """What they cost, and whether they are enough."""
    if plan.ringers is not None:
        screen.note(
            f"{len(plan.ringers.ringers)} of the tasks are ringers, paid like the others: at most "
            f"{screen.credits(plan.ringers_wei)} of the price; check them before the dispute "
            "window ends: fallow job check"
        )
    if guess is None:
        return
    asked = plan.ringers.asked_count if plan.ringers else plan.work.task_count
    market = requester.client.market()
    count = len(plan.ringers.ringers) if plan.ringers else 0
    needed = needed_ringers(market, asked, plan.job.max_price_per_task, options.ppm_of(guess))
    if count < needed:
        screen.note(f"{count} ringers are too few: guessing pays until there are {needed}")


def _agree(plan: Plan, budget_wei: int, *, yes: bool) -> None:
    offers = plan.quote.fitting_offers
    screen.note(
        f"{plan.work.task_count} tasks, at most {screen.credits(plan.job.max_price_per_task)} each "
        f"and {screen.credits(plan.job.audit_budget)} for audits; {offers} offers fit"
    )
    screen.note(f"at most {screen.credits(plan.total_wei)} in all; what is not used comes back")
    if plan.total_wei <= budget_wei and not yes:
        screen.confirm("Post it?")


def _deposit_missing(requester: Requester, plan: Plan) -> None:
    missing_wei = plan.total_wei - requester.account().balance_wei
    if missing_wei > 0:
        screen.note(f"depositing {screen.credits(missing_wei)}")
        requester.deposit(missing_wei)


def _post(requester: Requester, plan: Plan, budget_wei: int) -> JobHandle:
    with screen.bar("uploading") as (shown, bar):
        handle = requester.post(
            plan, budget_wei, lambda done, total: shown.update(bar, completed=done, total=total)
        )
    screen.note(f"posted {handle}")
    return handle


def _wait(handle: JobHandle, until: Until) -> tuple[JobView, Report | None]:
    with screen.job_progress() as show:
        return handle.wait_checked(show, until)


def _print(
    handle: JobHandle, view: JobView, report: Report | None, files: list[Path], *, json: bool
) -> None:
    for line in screen.report_lines(report) if report else ():
        screen.note(line)
    if json:
        document: dict[str, Any] = {"job": view, "files": [str(path) for path in files]}
        document |= {"ringers": report.to_json()} if report else {}
        screen.print_json(document)
    else:
        typer.echo(str(handle))
