"""Uploads and downloads."""

from __future__ import annotations

from pathlib import Path

from market.ports import BlobFiles, Clock
from market.principal import Principal
from market.store.unit import Store
from protocol.client.wire import Upload
from protocol.errors import BlobTooLarge, NotFound
from protocol.units import ContentId


class UploadService:
    """Takes bytes in. An account owns what it sent itself; knowing a digest gives nothing."""

    def __init__(self, store: Store, files: BlobFiles, clock: Clock, max_blob_bytes: int) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._max_blob_bytes = max_blob_bytes

    def announce(self, who: Principal, blob_id: ContentId, size_bytes: int) -> Upload:
        """Begin an upload, or find where it stands.

        Raises:
            BlobTooLarge: more than this market stores.
        """
        if size_bytes > self._max_blob_bytes:
            raise BlobTooLarge(f"a blob has at most {self._max_blob_bytes} bytes here")
        complete = self._complete(who, blob_id)
        if complete is not None:
            return complete
        here = self._files.begin(who.account, blob_id, size_bytes)
        return _upload(blob_id, size_bytes, here, is_complete=False)

    def get(self, who: Principal, blob_id: ContentId) -> Upload:
        """Where an upload stands.

        Raises:
            NotFound: this account has none of that blob.
        """
        complete = self._complete(who, blob_id)
        if complete is not None:
            return complete
        found = self._files.offset(who.account, blob_id)
        if found is None:
            raise NotFound("there is no such upload; announce it first")
        return _upload(blob_id, found[1], found[0], is_complete=False)

    def append(self, who: Principal, blob_id: ContentId, offset: int, data: bytes) -> int:
        """Add a piece; see `BlobFiles.append`."""
        return self._files.append(who.account, blob_id, offset, data)

    def finish(self, who: Principal, blob_id: ContentId, offset: int, data: bytes) -> Upload:
        """Add the last piece of a request; complete the blob when all bytes are here.

        Raises:
            BlobMismatch: all bytes are here and are others; the upload is forgotten.
        """
        here = self._files.append(who.account, blob_id, offset, data)
        found = self._files.offset(who.account, blob_id)
        size_bytes = found[1] if found else here
        if here < size_bytes:
            return _upload(blob_id, size_bytes, here, is_complete=False)
        facts = self._files.complete(who.account, blob_id)
        with self._store.write(is_durable=False) as unit:
            unit.blobs.add(blob_id, facts, who.account, int(self._clock()))
        return _upload(blob_id, size_bytes, size_bytes, is_complete=True)

    def _complete(self, who: Principal, blob_id: ContentId) -> Upload | None:
        with self._store.read() as unit:
            size_bytes = unit.blobs.owned_size(blob_id, who.names)
        path = self._files.path(blob_id)
        if size_bytes is None or not path.is_file() or path.stat().st_size != size_bytes:
            return None  # or lost with the power before anything relied on it
        return _upload(blob_id, size_bytes, size_bytes, is_complete=True)


class DownloadService:
    """Gives bytes out, to those entitled."""

    def __init__(self, store: Store, files: BlobFiles) -> None:
        self._store = store
        self._files = files

    def path(self, who: Principal, blob_id: ContentId) -> Path:
        """The file of a blob.

        Raises:
            NotFound: there is none, or it is not this account's to see.
        """
        with self._store.read() as unit:
            if not unit.blobs.is_entitled(blob_id, who.names):
                raise NotFound("there is no such blob, or it is not yours to see")
        return self._files.path(blob_id)


def _upload(blob_id: ContentId, size_bytes: int, here: int, *, is_complete: bool) -> Upload:
    return Upload(
        blob_id=blob_id, size_bytes=size_bytes, offset_bytes=here, is_complete=is_complete
    )
