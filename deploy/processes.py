"""Child processes that never outlive us: ended on exit, on Ctrl-C, and when we are killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
STOP_SECONDS = 8.0


class ProcessEnded(RuntimeError):
    """A process that should run ended; its log tells why."""


@dataclass
class Processes:
    """A group of named processes, each logging to `<log_dir>/<name>.log`."""

    log_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_all()

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start `command` in a session of its own, so that Ctrl-C reaches us alone."""
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - two calls into libc, no locks
            )
        self.running[name] = process
        return process

    def check(self) -> None:
        """Check that everything still runs.

        Raises:
            ProcessEnded: with the end of the log of the first one that does not.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                tail = self._log(name).read_text(errors="replace")[-2000:]
                raise ProcessEnded(f"{name} ended with {process.returncode}:\n{tail}")

    def wait_until(self, is_ready: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        """Poll `is_ready` while everything runs.

        Raises:
            ProcessEnded: something ended, or the time is over.
        """
        end = time.monotonic() + timeout_seconds
        while not is_ready():
            self.check()
            if time.monotonic() > end:
                raise ProcessEnded(f"{what} was not ready after {timeout_seconds:.0f} s")
            time.sleep(0.1)

    def stop(self, name: str) -> None:
        """End one process and whatever it started: politely, then surely."""
        self._stop([self.running.pop(name)])

    def stop_all(self) -> None:
        """End all processes."""
        processes = list(self.running.values())
        self.running.clear()
        self._stop(processes)

    def _stop(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            _signal_group(process, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            finally:
                _signal_group(process, signal.SIGKILL)
        for process in processes:
            process.wait()

    def _log(self, name: str) -> Path:
        return self.log_dir / f"{name}.log"


def _die_with(parent_pid: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent_pid:  # the parent died before we asked
            sys.exit(1)

    return prepare


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
