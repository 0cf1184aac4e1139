"""An Anvil for each file, one throwaway PostgreSQL for all, a fresh market for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from protocol.chain.params import development
from tests.market.stage import Stage, open_market
from tests.support.chains import free_port, start_anvil

POSTGRES_PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def anvil_url() -> Iterator[str]:
    """For one file: its clock runs ahead of ours with every window that a test lets pass."""
    with start_anvil() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture
def stage(tmp_path: Path, anvil_url: str) -> Iterator[Stage]:
    """A market on SQLite."""
    with open_market(tmp_path / "market", anvil_url, development()) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def any_stage(request: pytest.FixtureRequest, tmp_path: Path, anvil_url: str) -> Iterator[Stage]:
    """The same market on each database."""
    url = None
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_url"), request.node.name)
    with open_market(tmp_path / "market", anvil_url, development(), url) as opened:
        yield opened


def new_database(server_url: str, name: str) -> str:
    """An empty database of its own on the throwaway server."""
    plain = "".join(c if c.isalnum() else "_" for c in name.lower())[:60]
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{plain}"'.encode())
    return f"{server_url.replace('postgresql://', 'postgresql+psycopg://')}/{plain}"


@contextmanager
def start_postgres(directory: Path) -> Iterator[str]:
    """A throwaway cluster. The server refuses to run as root: then it runs as `postgres`."""
    data, port = directory / "data", free_port()
    as_postgres: list[str | Path] = []
    if os.geteuid() == 0:
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = Path("/tmp") / f"fallow-postgres-{port}"
        data.mkdir(mode=0o700)
        shutil.chown(data, "postgres", "postgres")
    initdb: list[str | Path] = [
        POSTGRES_PROGRAMS / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "fallow",
        "-N",
    ]
    server: list[str | Path] = [
        *(POSTGRES_PROGRAMS / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1"),
        *("-k", data, "-F", "-c", "max_connections=100"),
    ]
    try:
        subprocess.run([*as_postgres, *initdb], check=True, capture_output=True, cwd="/")
        with subprocess.Popen(
            [*as_postgres, *server], stderr=subprocess.DEVNULL, cwd="/"
        ) as process:
            try:
                url = f"postgresql://fallow@127.0.0.1:{port}"
                _await_postgres(url, process)
                yield url
            finally:
                process.terminate()
                process.wait(20)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _await_postgres(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "PostgreSQL did not start"
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PostgreSQL does not answer")
