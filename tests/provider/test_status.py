"""The files by which the daemon and its commands talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.errors import Conflict, NotFound
from provider.status import is_running, only_daemon, read_status, write_status


def test_two_daemons_never_share_a_folder(tmp_path: Path) -> None:
    assert not is_running(tmp_path)
    with only_daemon(tmp_path):
        assert is_running(tmp_path)
        with pytest.raises(Conflict, match="already runs"), only_daemon(tmp_path):
            pytest.fail("two at once")
    assert not is_running(tmp_path)
    with only_daemon(tmp_path):
        pass


def test_the_status_tells_whether_its_daemon_runs(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no provider has run"):
        read_status(tmp_path)
    with only_daemon(tmp_path):
        write_status(tmp_path, {"slots": [{"phase": "ASKING"}], "finished_tasks": 3})
        assert read_status(tmp_path)["is_running"]
        assert read_status(tmp_path)["slots"] == [{"phase": "ASKING"}]
    assert read_status(tmp_path) == {"slots": [], "finished_tasks": 3, "is_running": False}
