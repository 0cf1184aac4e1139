"""The sandbox: what starting a wasm task costs, beside starting a container."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.peers import docker_run
from bench.peers.docker_run import NoDocker
from bench.rounds import Say, median_rates
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.units import content_id
from provider.executors.base import LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor
from requester.programs import program


@dataclass(frozen=True)
class Size:
    """How much to measure."""

    leases: int = 20
    tasks_in_lease: int = 500
    containers: int = 3
    rounds: int = 3


def measure(folder: Path, say: Say, size: Size | None = None) -> list[Figure]:
    """Milliseconds for a lease with a single task, and for each further task of a lease."""
    size = size or Size()
    one, many = _work(folder, 1), _work(folder, size.tasks_in_lease)
    executor = WasmExecutor()
    executor.run(one, ignore_task_done)  # a device compiles a program once
    actions = {
        "leases of one task": lambda: _run(executor, one, size.leases),
        "one lease of many tasks": lambda: _run(executor, many, 1),
    }
    with _peer(size, say) as peer:
        rates = median_rates(actions | peer, size.rounds, say)
    lease, task, *container = (1000 / rate for rate in rates.values())
    name, peer_ms = (docker_run.NAME, container[0]) if container else (None, None)
    return [
        Figure("sandbox: a wasm lease of one task", lease, "ms", False, name, peer_ms),
        Figure("sandbox: a task in a wasm lease of many", task, "ms", False, name, peer_ms),
    ]


@contextmanager
def _peer(size: Size, say: Say) -> Iterator[dict[str, Callable[[], int]]]:
    """The peer's action, or none where there is no engine."""
    try:
        with docker_run.busybox_image() as image:
            docker_run.run_nothing(image)
            yield {docker_run.NAME: lambda: _containers(image, size.containers)}
    except NoDocker as error:
        say(f"measuring without Docker: {error}")
        yield {}


def _run(executor: WasmExecutor, work: LeaseWork, times: int) -> int:
    """The tasks that were run; each is held against what the no-op gives."""
    for _ in range(times):
        outcomes = executor.run(work, ignore_task_done)
        assert all(outcome.output == b"x" for outcome in outcomes)
    return times * len(work.tasks)


def _containers(image: str, times: int) -> int:
    for _ in range(times):
        docker_run.run_nothing(image)
    return times


def _work(folder: Path, tasks: int) -> LeaseWork:
    folder.mkdir(parents=True, exist_ok=True)
    module, task_input = program("noop"), folder / "input"
    task_input.write_bytes(b"x")
    spec = Spec(
        runtime=WasmRuntime(content_id(module.read_bytes())),
        resources=Resources(cpu_millis=1000, memory_bytes=256 << 20, disk_bytes=0),
        limits=Limits(wall_seconds=10, fuel=10**9, output_bytes=1 << 16),
        task_list=content_id(b"[]"),
    )
    return LeaseWork(spec, range(tasks), module, [task_input] * tasks, [], folder)
