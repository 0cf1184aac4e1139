"""Celery with Redis: a queue of tasks among machines that trust each other."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import kombu.pools
from celery import group
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from bench.peers.celery_tasks import create_app, echo
from deploy.processes import Processes
from deploy.stack import free_port

NAME = "Celery with Redis"
START_SECONDS = 60.0
RESULT_SECONDS = 120.0


class CeleryPeer:
    """A Redis without persistence and one Celery worker with `workers` processes."""

    def __init__(self, processes: Processes, folder: Path, workers: int) -> None:
        port = free_port()
        self._url = f"redis://127.0.0.1:{port}/0"
        self._app = create_app(self._url)
        self._processes = processes
        self._start_redis(port, folder)
        self._start_worker(workers)

    @staticmethod
    def is_available() -> bool:
        """Whether this machine has a Redis server."""
        return shutil.which("redis-server") is not None

    def run(self, values: list[str]) -> list[str]:
        """One task for each value, from the first submission to the last result."""
        task = self._app.signature(echo.name)
        tasks = group((task.clone(args=(value,)) for value in values), app=self._app)
        sent = tasks.apply_async()
        results: list[str] = sent.get(timeout=RESULT_SECONDS)
        sent.forget()
        return results

    def close(self) -> None:
        """Close every connection: Celery itself leaves them to the end of the process."""
        self._app.backend.result_consumer.stop()
        self._app.backend.client.connection_pool.disconnect()
        self._app.close()
        kombu.pools.reset()  # type: ignore[no-untyped-call]

    def _start_redis(self, port: int, folder: Path) -> None:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--dir", str(folder)]
        self._processes.start("redis", command)
        with Redis.from_url(self._url) as redis:

            def is_up() -> bool:
                try:
                    return bool(redis.ping())
                except RedisConnectionError:
                    return False

            self._processes.wait_until(is_up, "Redis", START_SECONDS)

    def _start_worker(self, workers: int) -> None:
        command = [sys.executable, "-m", "celery", "--broker", self._url]
        command += ["--result-backend", self._url, "--app", "bench.peers.celery_tasks"]
        command += ["worker", "--pool", "prefork", "--concurrency", str(workers)]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._processes.start("celery", [*command, "--loglevel", "WARNING"])
        self._processes.wait_until(self._answers, "the Celery worker", START_SECONDS)

    def _answers(self) -> bool:
        return bool(self._app.control.ping(timeout=0.5))
