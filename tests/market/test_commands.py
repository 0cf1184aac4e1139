"""`fallow up`: one command, a whole market, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from protocol.errors import ChainUnavailable, Conflict, InvalidInput
from requester.cli import run
from tests.support.chains import ROOT, end


def test_up_starts_everything_and_ends_in_order(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "requester.cli", "up", "--data", str(tmp_path / "m")),
        *("--port", "0"),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            info = httpx.get(f"{url}/v1/market").json()
            assert info["is_development"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            end(process)
    with pytest.raises(httpx.ConnectError):
        httpx.get(info["rpc_url"])
    again = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == InvalidInput.exit_code
    assert "in memory" in again.stderr


def test_plain_up_says_where_it_is_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "requester.cli", "up", "--port", "0"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            url = json.loads(process.stdout.readline())["url"]
            assert list(tmp_path.iterdir())
            port = url.rpartition(":")[2]
            taken = subprocess.run(
                [*command[:-1], port], check=False, cwd=ROOT, capture_output=True, text=True
            )
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert "The market is ready" in (said := process.stderr.read())
            assert url in said
        finally:
            end(process)
    assert not list(tmp_path.iterdir())
    assert taken.returncode == Conflict.exit_code
    assert f"port {port}" in taken.stderr.splitlines()[-1]
    assert "Traceback" not in taken.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--production"], InvalidInput.exit_code),
        (["--block-seconds", "soon"], 2),
        (["--chain-rpc", "nonsense", "--data", "{}"], ChainUnavailable.exit_code),
        (["--chain-rpc", "http://127.0.0.1:9", "--data", "{}"], ChainUnavailable.exit_code),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    options: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert run(["up", "--port", "0", *(word.format(tmp_path) for word in options)]) == code
    finally:
        signal.signal(signal.SIGTERM, before)
    error = capsys.readouterr().err
    assert error.startswith("fallow: ")
    assert error.count("\n") == 1
