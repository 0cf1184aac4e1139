"""Blobs on this device: named by their content, verified at each use, bounded in size."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from protocol.errors import BlobTooLarge
from protocol.units import ContentId

PART_SUFFIX = ".part"
Fetch = Callable[[ContentId, Path, int], Path]
"""`MarketClient.fetch_blob`: resumes, verifies, and leaves a right file alone."""


class BlobCache:
    """Blobs in one directory. What is in use is never thrown away; the rest goes oldest first."""

    def __init__(self, root: Path, max_bytes: int, fetch: Fetch) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._fetch = fetch
        self._lock = threading.Lock()
        self._users: dict[Path, int] = {}
        # Others cannot enter, so that the files themselves may be readable: a container's user
        # must be able to read those that are bound into it.
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)

    @contextmanager
    def using(self, blob_ids: Sequence[ContentId]) -> Iterator[list[Path]]:
        """The blobs' files, fetched if need be, kept while the block lasts.

        Raises:
            BlobTooLarge: they do not fit into the cache.
            BlobMismatch, NotFound, Forbidden, MarketUnavailable: as fetching raises.
        """
        paths = [self._path(blob_id) for blob_id in blob_ids]
        with self._kept(paths):
            for blob_id, path in zip(blob_ids, paths, strict=True):
                # Fetching hashes a file that is there already: what is used was verified now.
                self._fetch(blob_id, path, self._max_bytes)
                path.chmod(0o444)
                path.touch()
                self._make_room()
            yield paths

    def _path(self, blob_id: ContentId) -> Path:
        return self._root / blob_id.removeprefix("sha256:")

    @contextmanager
    def _kept(self, paths: list[Path]) -> Iterator[None]:
        with self._lock:
            for path in paths:
                self._users[path] = self._users.get(path, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                for path in paths:
                    self._users[path] -= 1
                    if not self._users[path]:
                        del self._users[path]

    def _make_room(self) -> None:
        with self._lock:
            found = [(file.stat(), file) for file in self._root.iterdir()]
            excess_bytes = sum(facts.st_size for facts, _ in found) - self._max_bytes
            # When they were read: containers get them with a fixed time of change.
            for facts, file in sorted(found, key=lambda pair: pair[0].st_atime_ns):
                if excess_bytes <= 0:
                    return
                if file.with_name(file.name.removesuffix(PART_SUFFIX)) not in self._users:
                    file.unlink()
                    excess_bytes -= facts.st_size
        if excess_bytes > 0:
            raise BlobTooLarge("the blobs of this job do not fit into the device's cache")
