"""Downloading results: the requester's alone, and only what stands on chain."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from market.jobs.service import own_job
from market.ports import BlobFiles
from market.principal import Principal
from market.store.records import ResultRecord
from market.store.unit import Store
from protocol.errors import Conflict, NotFound
from protocol.units import Bytes32

COPY_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class FoundOutput:
    """An output's file and its digest on chain."""

    path: Path
    digest: Bytes32


class ResultService:
    """Results of tasks: always those of the lease that counts now."""

    def __init__(self, store: Store, files: BlobFiles) -> None:
        self._store = store
        self._files = files

    def output(self, who: Principal, job_id: Bytes32, task: int) -> FoundOutput:
        """One task's output.

        Raises:
            NotFound: the job is not one's own, or the task has no committed result yet.
            Conflict: the task's result is a failure of its program; there is no output.
        """
        with self._store.read() as unit:
            own_job(unit, who, job_id)
            result = unit.results.committed(job_id, task)
        if result is None:
            raise NotFound(f"task {task} has no committed result yet")
        if result.output_blob is None:
            raise Conflict(f"task {task} failed: {result.failure}")
        return FoundOutput(self._files.path(result.output_blob), result.digest)

    def archive(self, who: Principal, job_id: Bytes32) -> Iterator[bytes]:
        """A zip of every committed result, made while it is sent."""
        with self._store.read() as unit:
            own_job(unit, who, job_id)
            results = list(unit.results.all_committed(job_id))
        return self._zip(results)

    def _zip(self, results: list[ResultRecord]) -> Iterator[bytes]:
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for result in results:
                name = f"task-{result.task:06}"
                if result.output_blob is None:
                    archive.writestr(_entry(name + ".failed"), str(result.failure))
                else:
                    yield from self._copy(archive, sink, name + ".bin", result)
                yield sink.take()
        yield sink.take()

    def _copy(
        self, archive: zipfile.ZipFile, sink: _Sink, name: str, result: ResultRecord
    ) -> Iterator[bytes]:
        assert result.output_blob is not None
        entry = _entry(name)
        entry.file_size = result.size_bytes
        path = self._files.path(result.output_blob)
        with path.open("rb") as source, archive.open(entry, "w") as target:
            while piece := source.read(COPY_BYTES):
                target.write(piece)
                yield sink.take()


def _entry(name: str) -> zipfile.ZipInfo:
    # A fixed date: the same results give the same archive.
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


class _Sink(RawIOBase):
    """A file that is written and never sought; what was written is taken out in between."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object) -> int:
        """Keep `data` until it is taken."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._buffer += piece
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken
