"""`docker run` of a tiny image: the usual sandbox for a stranger's program."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "docker run of busybox"
BUSYBOX = Path("/bin/busybox")
COMMAND_SECONDS = 60


class NoDocker(Exception):
    """There is no docker command, no engine behind it, or no static busybox here."""


@contextmanager
def busybox_image() -> Iterator[str]:
    """Import an image with nothing but busybox; it is removed afterwards.

    Raises:
        NoDocker: that cannot be done here.
    """
    image = f"fallow-bench:{os.getpid()}"
    try:
        _docker("import", "-", image, data=_root())
    except (OSError, subprocess.SubprocessError) as error:
        raise NoDocker(f"no image could be imported: {error}") from None
    try:
        yield image
    finally:
        _docker("rmi", "--force", image)


def run_nothing(image: str) -> None:
    """Start a container without network, let it end at once, remove it."""
    _docker("run", "--rm", "--network", "none", image, "/busybox", "true")


def _docker(*arguments: str, data: bytes = b"") -> None:
    command = ["docker", *arguments]
    subprocess.run(command, input=data, check=True, capture_output=True, timeout=COMMAND_SECONDS)


def _root() -> bytes:
    """A root directory as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(BUSYBOX.resolve(), "busybox")
    return buffer.getvalue()
