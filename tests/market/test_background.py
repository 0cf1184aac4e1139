"""The keeper by Celery: a real Redis, a real worker process, the same services."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from protocol.chain.params import development
from tests.market.processes import eventually, market_process
from tests.market.stage import PRICE_WEI
from tests.market.test_killed import work_all
from tests.support.chains import ROOT, end, free_port, start_anvil

PARAMS = dataclasses.replace(development(), dispute_window_seconds=6)


@contextmanager
def start_redis(directory: Path) -> Iterator[str]:
    """A throwaway Redis."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL) as process:
        try:
            client = redis.Redis(port=port)
            eventually(lambda: _answers(client), 20, 0.05)
            client.close()
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            end(process)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@contextmanager
def start_worker(environment: dict[str, str], directory: Path) -> Iterator[None]:
    """A real worker with its beat."""
    command = [
        *(sys.executable, "-m", "celery", "-A", "market.background.app", "worker", "--beat"),
        *("--pool", "solo", "-Q", "keeper", "--loglevel", "WARNING"),
        *("--schedule", str(directory / "beat")),
    ]
    everything = {**os.environ, **environment}
    with subprocess.Popen(command, cwd=ROOT, env=everything) as process:
        try:
            yield
        finally:
            end(process)


@pytest.mark.timeout(240)
def test_a_worker_keeps_the_market(tmp_path: Path) -> None:
    with (
        start_anvil("--block-time", "1", "--mixed-mining") as rpc_url,
        start_redis(tmp_path) as redis_url,
    ):
        environment = {
            "FALLOW_MARKET_DATA_DIRECTORY": str(tmp_path / "market"),
            "FALLOW_MARKET_RPC_URL": rpc_url,
            "FALLOW_MARKET_REDIS_URL": redis_url,
            "FALLOW_MARKET_KEEPER": "celery",
            "FALLOW_MARKET_BATCH_SECONDS": "0.2",
        }
        opened = market_process(tmp_path / "market", rpc_url, PARAMS, "--keeper", "celery")
        with opened as stage, start_worker(environment, tmp_path):
            owner = stage.person()
            client = stage.client(owner)
            client.faucet(owner.address)  # type: ignore[arg-type]
            eventually(lambda: client.account(owner.address).wallet_credits_wei > 0)  # type: ignore[arg-type]
            requester, device = stage.person(100), stage.provider(50)
            job_id = stage.job(requester, 4)
            work_all([device])
            client = stage.client(requester)
            eventually(lambda: client.job(job_id).finished_at is not None)
            assert client.job(job_id).paid_wei == 4 * PRICE_WEI
