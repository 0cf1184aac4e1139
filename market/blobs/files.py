"""Blobs as files: `blobs/ab/cdef...` complete and immutable, `parts/` what is still arriving.

An upload's state is its file alone: its name says how long it will be, its length how much is
here. So nothing has to be kept in step, and a crash loses at most the last piece.

A complete blob outlives the process, but is only forced to the disk when something relies on it (a
job, a lease result): then for many blobs at once, which costs little more than for one.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from market.store.blobs import BlobFacts
from protocol.errors import BlobIncomplete, BlobMismatch, BlobTooLarge, Conflict, NotFound
from protocol.result import OUTPUT_PREFIX
from protocol.units import Address, Bytes32, ContentId, content_digest

READ_BYTES = 1 << 20
STRIPES = 64
SYNC_THREADS = 8
MAX_OPEN_UPLOADS = 1000
PART_SECONDS = 2 * 24 * 3600
MAX_REMEMBERED = 100_000


class DiskBlobFiles:
    """Below one directory. Every method is safe from several threads."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._parts = root / "parts"
        self._locks = [threading.RLock() for _ in range(STRIPES)]
        self._kept: set[ContentId] = set()
        # Syncs that run side by side share the disk's own commits.
        self._syncing = ThreadPoolExecutor(SYNC_THREADS, "sync")
        for directory in (self._blobs, self._parts):
            directory.mkdir(parents=True, exist_ok=True)

    def path(self, blob_id: ContentId) -> Path:
        """See `BlobFiles.path`."""
        digits = content_digest(blob_id).hex()
        return self._blobs / digits[:2] / digits[2:]

    def offset(self, account: Address, blob_id: ContentId) -> tuple[int, int] | None:
        """See `BlobFiles.offset`."""
        part = self._find(account, blob_id)
        return None if part is None else (part.stat().st_size, _announced(part))

    def begin(self, account: Address, blob_id: ContentId, size_bytes: int) -> int:
        """See `BlobFiles.begin`. Another announced length starts anew."""
        with self._lock(blob_id):
            found = self._find(account, blob_id)
            if found is not None and _announced(found) == size_bytes:
                return found.stat().st_size
            if found is not None:
                found.unlink()
            directory = self._parts / account
            directory.mkdir(exist_ok=True)
            _require_few(directory)
            (directory / f"{content_digest(blob_id).hex()}.{size_bytes}").touch()
            return 0

    def append(self, account: Address, blob_id: ContentId, offset: int, data: bytes) -> int:
        """See `BlobFiles.append`."""
        with self._lock(blob_id):
            part = self._find(account, blob_id)
            if part is None:
                raise NotFound("there is no such upload; announce it first")
            here, announced = part.stat().st_size, _announced(part)
            if offset != here:
                raise BlobIncomplete(f"the upload stands at {here} of {announced} bytes")
            if here + len(data) > announced:
                raise BlobTooLarge(f"only {announced} bytes were announced")
            with part.open("ab") as file:
                file.write(data)
            return here + len(data)

    def complete(self, account: Address, blob_id: ContentId) -> BlobFacts:
        """See `BlobFiles.complete`."""
        with self._lock(blob_id):
            part = self._find(account, blob_id)
            if part is None:
                raise NotFound("there is no such upload; announce it first")
            content, outcome = _digests(part)
            if content != content_digest(blob_id):
                part.unlink()
                raise BlobMismatch(f"the bytes are not {blob_id}; the upload was dropped")
            size_bytes = part.stat().st_size
            target = self.path(blob_id)
            target.parent.mkdir(exist_ok=True)
            if target.exists():
                _sync(part)  # the same bytes, that somebody may rely on: never for less safe ones
            part.replace(target)
            return BlobFacts(size_bytes, outcome)

    def keep(self, blobs: Mapping[ContentId, int]) -> None:
        """See `BlobFiles.keep`."""
        new = {blob: size for blob, size in blobs.items() if blob not in self._kept}
        paths = [self.path(blob) for blob in new]
        for path, (blob, size_bytes) in zip(paths, new.items(), strict=True):
            if not path.is_file() or path.stat().st_size != size_bytes:
                raise BlobIncomplete(f"{blob} was lost; upload it again")
        list(self._syncing.map(_sync, paths))
        list(self._syncing.map(_sync, {self._blobs, *(path.parent for path in paths)}))
        if len(self._kept) > MAX_REMEMBERED:
            self._kept.clear()
        self._kept.update(new)

    def _find(self, account: Address, blob_id: ContentId) -> Path | None:
        prefix = content_digest(blob_id).hex() + "."
        try:
            parts = (self._parts / account).iterdir()
            return next((part for part in parts if part.name.startswith(prefix)), None)
        except FileNotFoundError:
            return None

    def _lock(self, blob_id: ContentId) -> threading.RLock:
        return self._locks[content_digest(blob_id)[0] % STRIPES]


def _require_few(directory: Path) -> None:
    """Let an account have so many uploads open; those it gave up make room for others."""
    parts = list(directory.iterdir())
    if len(parts) < MAX_OPEN_UPLOADS:
        return
    stale = [p for p in parts if p.stat().st_mtime < time.time() - PART_SECONDS]
    if not stale:
        raise Conflict("too many uploads are open; finish some of them first")
    for part in stale:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _announced(part: Path) -> int:
    return int(part.suffix[1:])


def _digests(path: Path) -> tuple[Bytes32, Bytes32]:
    """SHA-256 of the bytes, and the digest they have as a task's output."""
    content, outcome = hashlib.sha256(), hashlib.sha256(OUTPUT_PREFIX)
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            content.update(piece)
            outcome.update(piece)
    return Bytes32(content.digest()), Bytes32(outcome.digest())
