"""The whole loop with no-op tasks: requester, market, provider daemons, wasm, results, chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.peers.celery import NAME as CELERY
from bench.peers.celery import CeleryPeer
from bench.rounds import Say, in_turns
from bench.watch import ACCEPTED, COMMITTED, Watch
from deploy.processes import Processes
from deploy.stack import ProviderPlan, Stack
from protocol.client.client import MarketClient
from protocol.errors import BlobMismatch
from protocol.spec import Limits
from protocol.units import WEI_PER_CREDIT
from requester.draft import WasmDraft
from requester.programs import program
from requester.requester import Requester

DEPOSIT_WEI = 1000 * WEI_PER_CREDIT
NOOP_LIMITS = Limits(wall_seconds=1, fuel=10**9, output_bytes=1 << 16)
Inputs = Callable[[], list[str]]


@dataclass(frozen=True)
class Size:
    """How much to measure. Providers, and Celery's worker processes, are `workers`."""

    tasks: int = 2000
    own_data_tasks: int = 100
    warm_up_tasks: int = 32
    rounds: int = 3
    workers: int = 2


@dataclass(frozen=True)
class Times:
    """Seconds from before the first upload until all results were accepted, committed, fetched."""

    accepted: float
    committed: float
    fetched: float


@dataclass(frozen=True)
class Loop:
    """A running market with providers, and a requester who has money there."""

    requester: Requester
    watch: Watch

    def run(self, inputs: list[str]) -> Times:
        """One job of no-op tasks; its results are its inputs, and are held against them.

        Raises:
            BlobMismatch: they are not.
        """
        draft = WasmDraft(program("noop"), limits=NOOP_LIMITS, label="bench")
        data, begin = [text.encode() for text in inputs], time.monotonic()
        handle = self.requester.submit(draft, data, DEPOSIT_WEI)
        self.watch.wait(ACCEPTED, handle.job_id, len(data))
        accepted = time.monotonic() - begin
        self.watch.wait(COMMITTED, handle.job_id, len(data))
        committed = time.monotonic() - begin
        if len(set(data)) == 1:  # one blob many times over: fetching it tells nothing
            return Times(accepted, committed, committed)
        handle.wait()
        if [result.outcome.output for result in handle.results()] != data:
            raise BlobMismatch("the loop gave other results than the no-op program does")
        return Times(accepted, committed, time.monotonic() - begin)


def measure(folder: Path, say: Say, size: Size | None = None) -> list[Figure]:
    """Tasks a second through the whole loop, beside Celery."""
    size = size or Size()
    with Processes(folder / "logs") as processes:
        say("starting a chain, a market and providers")
        with (
            running_loop(processes, folder, size.workers) as loop,
            running_celery(processes, folder, size.workers, say) as celery,
        ):
            say("warming up")
            _warm_up(loop, celery, size.warm_up_tasks)
            shared = _side_by_side(loop, celery, lambda: ["x"] * size.tasks, size.rounds, say)
            number = count()
            own = _side_by_side(
                loop,
                celery,
                lambda: [f"input {next(number)}" for _ in range(size.own_data_tasks)],
                size.rounds,
                say,
            )
    return [
        *_figures("no-op tasks on one input", size.tasks, shared)[:2],
        *_figures("no-op tasks with data of their own", size.own_data_tasks, own),
    ]


@contextmanager
def running_loop(processes: Processes, folder: Path, providers: int) -> Iterator[Loop]:
    """A chain, a market and providers, each a process. No verifiers: audits come afterwards."""
    stack = Stack(processes, folder)
    with stack.market as observer:
        stack.start_chain()
        stack.start_market()
        stack.wait_ready()
        stack.start_providers([ProviderPlan(f"provider-{n}") for n in range(providers)])
        stack.wait_offers(providers)
        wallet = stack.key("requester")
        stack.fund(wallet)
        with MarketClient(stack.url, wallet) as client:
            requester, watch = Requester(client, wallet), Watch(observer)
            requester.deposit(DEPOSIT_WEI)
            watch.start()
            yield Loop(requester, watch)


@contextmanager
def running_celery(
    processes: Processes, folder: Path, workers: int, say: Say
) -> Iterator[CeleryPeer | None]:
    """The peer, where this machine has a Redis server."""
    if not CeleryPeer.is_available():
        say("no redis-server here: measuring without Celery")
        yield None
        return
    celery = CeleryPeer(processes, folder, workers)
    try:
        yield celery
    finally:
        celery.close()


def _warm_up(loop: Loop, celery: CeleryPeer | None, tasks: int) -> None:
    """Devices get to know the program, and the market the devices."""
    inputs = [f"warm {n}" for n in range(tasks)]
    loop.run(inputs)
    if celery is not None and celery.run(inputs) != inputs:
        raise BlobMismatch("Celery gave other results than were asked for")


def _side_by_side(
    loop: Loop, celery: CeleryPeer | None, inputs: Inputs, rounds: int, say: Say
) -> Mapping[str, list[Times]]:
    """The times of every round of each."""

    def by_celery(peer: CeleryPeer) -> Times:
        values, begin = inputs(), time.monotonic()
        peer.run(values)
        seconds = time.monotonic() - begin
        return Times(seconds, seconds, seconds)

    measures = {"Fallow": lambda: loop.run(inputs())}
    if celery is not None:
        measures[CELERY] = lambda: by_celery(celery)
    return in_turns(measures, rounds, say)


def _figures(what: str, tasks: int, times: Mapping[str, list[Times]]) -> list[Figure]:
    ours, theirs = times["Fallow"], times.get(CELERY)
    peer = CELERY if theirs else None
    peer_rate = tasks / median(t.fetched for t in theirs) if theirs else None

    def figure(until: str, seconds: list[float], *, has_peer: bool = True) -> Figure:
        rate, name = tasks / median(seconds), f"loop: {what}, until {until}"
        if not has_peer:
            return Figure(name, rate, "tasks/s", True)
        return Figure(name, rate, "tasks/s", True, peer, peer_rate)

    return [
        figure("accepted", [t.accepted for t in ours]),
        figure("committed on chain", [t.committed for t in ours], has_peer=False),
        figure("fetched by the requester", [t.fetched for t in ours]),
    ]
