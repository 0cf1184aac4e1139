"""A container's files: inputs laid out on this side, outputs read back without trust."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

from protocol.result import FAILURE_CODES, Outcome
from provider.executors.base import LeaseWork
from provider.executors.container_surroundings import FILE_TIME_SECONDS

INPUTS = "/work/inputs"
OUTPUTS = "/work/outputs"
TASK_NAME = "{:06d}"
MAX_FAILURE_BYTES = 64
# A tar entry's header, an extended header and padding; the archive's end and its record.
_ENTRY_BYTES = 4096


class Extraordinary(Exception):
    """The outputs hold something that no well-behaved program leaves behind."""


class OutputExceeded(Extraordinary):
    """An output is larger than the spec allows."""


def lay_out_inputs(work: LeaseWork) -> Path:
    """Fill `scratch/inputs` with shared/0.. and tasks/000000.., in order; return it.

    Every file and folder has the same fixed time: when they came here is nobody's business.
    """
    root = work.scratch / "inputs"
    for folder in ("shared", "tasks"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for index, source in enumerate(work.shared_inputs):
        _place(source, root / "shared" / str(index))
    for task, source in zip(work.tasks, work.task_inputs, strict=True):
        _place(source, root / "tasks" / TASK_NAME.format(task))
    for path in (root / "shared", root / "tasks", root):
        path.chmod(0o755)
        _set_time(path)
    return root


def outputs_bytes(tasks: int, max_output_bytes: int) -> int:
    """The size of the tmpfs for a lease's outputs: whole pages, and room for failure notes."""
    pages = -(-(max_output_bytes + 1) // 4096) + 2
    return tasks * pages * 4096


def outputs_inodes(tasks: int) -> int:
    """How many files that tmpfs may hold."""
    return 4 * tasks + 16


def read_outcomes(chunks: Iterable[bytes], work: LeaseWork) -> list[Outcome]:
    """The outcomes in a tar stream of `/work/outputs`, whose every byte may be hostile.

    Raises:
        Extraordinary: an output above its limit, a link, a device, an entry twice.
    """
    limit = work.spec.limits.output_bytes
    room = outputs_bytes(len(work.tasks), limit) + outputs_inodes(len(work.tasks)) * _ENTRY_BYTES
    wanted = {TASK_NAME.format(task) for task in work.tasks}
    files: dict[str, bytes] = {}
    stream = _Stream(chunks, room)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
            for member in archive:
                _take(archive, member, wanted, limit, files)
    except tarfile.TarError as error:
        raise Extraordinary(f"the outputs cannot be read: {error}") from None
    finally:
        stream.drain()
    return [_outcome(files, TASK_NAME.format(task)) for task in work.tasks]


def _place(source: Path, target: Path) -> None:
    """Make `source` readable to the container's user at `target`, by a hard link if possible."""
    if source.stat().st_mode & stat.S_IROTH:
        try:
            os.link(source, target)
            _set_time(target)
        except OSError:
            target.unlink(missing_ok=True)
        else:
            return
    shutil.copyfile(source, target)
    target.chmod(0o444)
    _set_time(target)


def _set_time(path: Path) -> None:
    """Fix when it was changed. When it was read stays: the caches go by that."""
    os.utime(path, ns=(path.stat().st_atime_ns, FILE_TIME_SECONDS * 10**9))


def _take(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    wanted: set[str],
    limit: int,
    files: dict[str, bytes],
) -> None:
    folder, _, name = member.name.rpartition("/")
    if folder != "outputs" or name.removesuffix(".failed") not in wanted:
        return
    if not member.isreg() or member.issparse() or name in files:
        raise Extraordinary(f"{name} is not a plain file")
    if name.endswith(".failed") and member.size > MAX_FAILURE_BYTES:
        raise Extraordinary(f"{name} is too long")
    if member.size > limit:
        raise OutputExceeded(f"{name} has {member.size} bytes, above the limit of {limit}")
    source = archive.extractfile(member)
    assert source is not None  # a plain file
    files[name] = source.read()


def _outcome(files: dict[str, bytes], name: str) -> Outcome:
    failed = files.get(name + ".failed")
    if failed is not None:
        code = failed.decode("ascii", "replace").strip()
        return Outcome(failure=code if code in FAILURE_CODES else "exit_code")
    output = files.get(name)
    return Outcome(failure="exit_code") if output is None else Outcome(output)


class _Stream(io.RawIOBase):
    """Chunks as a file that refuses to go on for ever."""

    def __init__(self, chunks: Iterable[bytes], room_bytes: int) -> None:
        super().__init__()
        self._chunks = iter(chunks)
        self._rest = b""
        self._room_bytes = room_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._room_bytes -= len(chunk)
            if self._room_bytes < 0:
                raise Extraordinary("the outputs are larger than they may be")
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._rest = data[size:] if size >= 0 else b""
        return data[:size] if size >= 0 else data

    def drain(self) -> None:
        """Read on to the end, within bounds, so that the connection behind it can close."""
        with contextlib.suppress(Extraordinary):
            while self.read(1 << 16):
                pass
