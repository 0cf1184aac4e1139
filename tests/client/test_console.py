"""What all commands share."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from market.settings import Settings
from protocol.client import console
from protocol.errors import InvalidInput

FACTS: dict[str, Any] = {
    "device": "0x1",
    "is_running": False,
    "waiting_because": None,
    "audits": {"done": 2, "waiting": 1},
    "disputes": {},
    "slots": [{"phase": "ASKING", "lease_id": None}],
    "leases": [],
}


def test_facts_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    console.show(FACTS, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "device: 0x1",
        "is running: False",
        "waiting because: none",
        "audits: done 2, waiting 1",
        "disputes: none",
        "slots 0: phase ASKING, lease id none",
        "leases: none",
    ]


def test_facts_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    console.show(FACTS, as_json=True)
    assert json.loads(capsys.readouterr().out) == FACTS


def test_a_password_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "password"
    monkeypatch.setenv(console.PASSWORD_FILE_VARIABLE, str(path))
    with pytest.raises(InvalidInput, match="cannot read"):
        console.ask_password()
    path.write_text(" two words \n")
    assert console.ask_password() == " two words "


def test_where_state_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert console.data_home("provider") == tmp_path / "fallow" / "provider"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert console.data_home("provider") == tmp_path / ".local/share/fallow/provider"


def test_a_market_is_looked_for_where_it_listens(tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path, rpc_url="http://127.0.0.1:1")
    assert f"http://{settings.host}:{settings.port}" == console.DEFAULT_MARKET


@pytest.fixture
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event(number: signal.Signals) -> None:
    stop = threading.Event()
    console.stop_on_signals(stop)
    os.kill(os.getpid(), number)
    assert stop.wait(5)
