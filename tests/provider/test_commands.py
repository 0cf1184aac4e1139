"""The provider's commands, as a shell sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provider.status import only_daemon, write_status
from requester.cli import run


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("enroll", "start", "status", "pause", "resume"):
        assert run(["provider", command, "--help"]) == 0
        assert f"Example: fallow provider {command}" in capsys.readouterr().out


def test_nothing_ran_here_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["provider", "status", "--state", str(tmp_path)]) == 4
    error = capsys.readouterr().err
    assert "no provider has run" in error
    assert error.count("\n") == 1
    assert run(["provider", "pause", "--state", str(tmp_path / "nowhere")]) == 4


def test_pause_resume_and_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def status() -> dict[str, object]:
        capsys.readouterr()
        assert run(["provider", "status", "--json", "--state", str(tmp_path)]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    with only_daemon(tmp_path):
        write_status(tmp_path, {"device": "0x1", "slots": [{"phase": "ASKING"}]})
        assert run(["provider", "pause", "--state", str(tmp_path)]) == 0
        assert status()["is_paused"] is True
        assert run(["provider", "resume", "--state", str(tmp_path)]) == 0
        found = status()
        assert (found["is_paused"], found["is_running"]) == (False, True)
        capsys.readouterr()
        run(["provider", "status", "--state", str(tmp_path)])
        assert "is running: True" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--hours", "9-5"], 2, "hours look like"),
        (["--price", "cheap"], 2, "not an amount"),
        (["--market", "http://127.0.0.1:9"], 7, "no answer from the market"),
        (["--market", "nowhere"], 2, "market's address"),
    ],
)
def test_start_says_what_is_wrong_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.setattr("protocol.client.console.stop_on_signals", lambda stop: None)
    assert run(["provider", "start", "--state", str(tmp_path), *options]) == code
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("fallow: ")
    assert message in last


def test_enroll_needs_a_private_key_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    assert run(["provider", "enroll", "--wallet-key", str(key), "--state", str(tmp_path)]) == 4
    key.write_text("0x" + "11" * 32)
    key.chmod(0o644)
    assert run(["provider", "enroll", "--wallet-key", str(key), "--state", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "chmod 600" in error
    assert "1111" not in error
