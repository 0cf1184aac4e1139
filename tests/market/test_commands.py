"""`fallow up`: one command, a whole market, nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from protocol.errors import InvalidInput
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
