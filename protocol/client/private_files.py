"""Files that only their owner may read, whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from protocol.errors import InvalidInput


def write_private(path: Path, text: str) -> bool:
    """Keep `text` in a new file of mode 0600, durably; False if there is one of that name already.

    After a crash it holds all of it, or is not there.

    Raises:
        InvalidInput: it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            return _link(path, part)
        finally:
            Path(part).unlink()
            _sync_directory(path.parent)
    except OSError as error:
        raise InvalidInput(f"cannot make {path}: {error.strerror}") from None


def _link(path: Path, part: str) -> bool:
    try:
        path.hardlink_to(part)  # unlike a rename, it replaces nothing
    except FileExistsError:
        return False
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
