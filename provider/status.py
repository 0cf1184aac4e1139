"""How the daemon and its commands talk: a status file, a pause marker and a lock in one folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from protocol.errors import Conflict, NotFound
from provider.ledger import write_durably

STATUS_FILE, PAUSE_FILE, LOCK_FILE = "status.json", "paused", "lock"


@contextmanager
def only_daemon(state_directory: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process however that ends.

    Raises:
        Conflict: another daemon uses the folder.
    """
    state_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(state_directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"a daemon already runs on {state_directory}") from None
        yield
    finally:
        os.close(descriptor)


def is_running(state_directory: Path) -> bool:
    """Whether a daemon holds the folder's lock."""
    try:
        descriptor = os.open(state_directory / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def write_status(state_directory: Path, facts: dict[str, Any]) -> None:
    """Replace the status."""
    write_durably(state_directory / STATUS_FILE, json.dumps(facts))


def read_status(state_directory: Path) -> dict[str, Any]:
    """The last status, and whether its daemon runs.

    Raises:
        NotFound: no daemon ever ran here.
    """
    try:
        facts: dict[str, Any] = json.loads((state_directory / STATUS_FILE).read_text())
    except (FileNotFoundError, ValueError):
        raise NotFound(f"no provider has run in {state_directory} yet") from None
    running = is_running(state_directory)
    return facts | {"is_running": running} | ({} if running else {"slots": []})


def pause_file(state_directory: Path) -> Path:
    """While this file exists, the daemon does not work, also after a restart."""
    return state_directory / PAUSE_FILE
