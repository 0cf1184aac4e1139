"""Each measurement at its smallest: it runs, and says what it promises. Never how fast."""

import json
from pathlib import Path

import pytest

from bench import demo, gas, loop, matching, sandbox
from bench.crowd import crowd
from bench.figures import Figure
from bench.peers import docker_run, naive_book
from bench.peers.celery import NAME as CELERY
from bench.peers.sqlite_queue import SqliteQueue


def quiet(_: str) -> None:
    pass


def names_of(figures: list[Figure]) -> list[str]:
    return [figure.name for figure in figures]


def test_loop(tmp_path: Path) -> None:
    size = loop.Size(tasks=12, own_data_tasks=6, warm_up_tasks=4, rounds=1, workers=2)
    figures = loop.measure(tmp_path, quiet, size)
    assert names_of(figures) == [
        "loop: no-op tasks on one input, until accepted",
        "loop: no-op tasks on one input, until committed on chain",
        "loop: no-op tasks with data of their own, until accepted",
        "loop: no-op tasks with data of their own, until committed on chain",
        "loop: no-op tasks with data of their own, until fetched by the requester",
    ]
    assert all(figure.unit == "tasks/s" and figure.value > 0 for figure in figures)
    assert [figure.peer for figure in figures] == [CELERY, None, CELERY, None, CELERY]


def test_matching(tmp_path: Path) -> None:
    size = matching.Size(offers=(3,), leases=4, matches=2, naive_matches=2, rounds=2)
    figures = matching.measure(tmp_path, quiet, size)
    assert names_of(figures) == [
        "matching: the cheapest of 3 standing offers",
        "matching: leases granted, 3 standing offers",
    ]
    assert all(figure.ratio is not None for figure in figures)


def test_the_naive_scan_finds_what_the_market_finds(tmp_path: Path) -> None:
    with crowd(tmp_path, 20, 1) as made, made.store.read() as unit:
        now = made.offers[0].expires_at - 3600
        found = made.book.fitting(unit, made.spec, now)
        cheapest = naive_book.cheapest(made.offers, made.spec, now)
        assert cheapest is not None
        assert found[0].offer.ask_wei == cheapest.ask_per_core_second
        assert naive_book.cheapest(made.offers, made.spec, now + 3600) is None


def test_the_queue_gives_each_task_once(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "queue.db", 3)
    assert [queue.claim(1) for _ in range(4)] == [0, 1, 2, None]
    queue.close()


def test_sandbox(tmp_path: Path) -> None:
    size = sandbox.Size(leases=1, tasks_in_lease=3, containers=1, rounds=1)
    figures = sandbox.measure(tmp_path, quiet, size)
    assert names_of(figures) == [
        "sandbox: a wasm lease of one task",
        "sandbox: a task in a wasm lease of many",
    ]
    assert all(figure.peer in (None, docker_run.NAME) for figure in figures)


def test_sandbox_without_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    said: list[str] = []
    size = sandbox.Size(leases=1, tasks_in_lease=2, containers=1, rounds=1)
    figures = sandbox.measure(tmp_path, said.append, size)
    assert all(figure.peer is None and figure.ratio is None for figure in figures)
    assert any("without Docker" in line for line in said)


def test_gas_is_read_from_the_snapshot_of_the_contracts() -> None:
    figures = gas.measure(Path(), quiet)
    by_peer = {figure.peer: figure for figure in figures if figure.peer is not None}
    assert by_peer[gas.ONE_JOB].peer_value == gas.ONE_JOB_GAS
    assert by_peer[gas.NAIVE].value == by_peer[gas.ONE_JOB].value
    assert not any("size of" in figure.name for figure in figures)


def test_each_gas_figure_stands_beside_its_peer() -> None:
    snapshot = {
        "job_1000_tasks_20_leases_per_task": 400,
        "naive_escrow_per_task": 290,
        "openJob": 70,
        "single_task_job_total": 170,
        "size of Market in bytes": 9,
    }
    assert [(f.name, f.value, f.peer_value) for f in gas.figures_of(snapshot)] == [
        ("gas: a task of 1,000 in 20 leases, open to settled", 400, gas.BATCHED_PAYMENT_GAS),
        ("gas: openJob", 70, None),
        ("gas: a job of one task, open to settled", 170, gas.ONE_JOB_GAS),
        ("gas: the same, beside a naive escrow", 170, 290),
    ]


def test_the_demo_times_come_from_its_summary() -> None:
    summary = json.loads('{"wall_seconds": 9.5, "seconds_by_stage": {"post": 1, "settle": 2.5}}')
    assert [(f.name, f.value) for f in demo.figures_of(summary)] == [
        ("demo: whole", 9.5),
        ("demo: post", 1),
        ("demo: settle", 2.5),
    ]
