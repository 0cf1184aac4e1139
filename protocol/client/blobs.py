"""Blobs, up and down: resumed where they broke off, and never trusted by name alone."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from protocol.client.calls import Calls, read_answer
from protocol.client.transport import Call, CallFailed
from protocol.client.wire import Upload, UploadRequest
from protocol.errors import (
    BlobIncomplete,
    BlobMismatch,
    BlobTooLarge,
    InvalidInput,
    MarketUnavailable,
    NotFound,
)
from protocol.units import ContentId, content_id

UPLOAD_PIECE_BYTES = 4 << 20
MAX_BLOB_BYTES = 1 << 40
_READ_BYTES = 1 << 20

OnProgress = Callable[[int, int], None]  # (bytes done, bytes in all)


@dataclass
class _Turn:
    """Who fetches a file, one after the other."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class BlobCalls(Calls):
    """/v1/uploads and /v1/blobs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._fetching: dict[Path, _Turn] = {}
        self._fetching_guard = threading.Lock()

    def create_upload(self, request: UploadRequest) -> Upload:
        """POST /v1/uploads: begin an upload, or find where it stands."""
        return self._post("/v1/uploads", request, Upload)

    def upload(self, blob_id: ContentId) -> Upload:
        """GET /v1/uploads/{blob_id}

        Raises:
            NotFound: none was begun, or it was forgotten.
        """
        return self._get(f"/v1/uploads/{blob_id}", Upload)

    def has_blob(self, blob_id: ContentId) -> bool:
        """Whether the market holds the whole blob, and this account uploaded it."""
        try:
            return self.upload(blob_id).is_complete
        except NotFound:
            return False

    def patch_upload(self, blob_id: ContentId, offset_bytes: int, piece: bytes) -> Upload:
        """PATCH /v1/uploads/{blob_id}: one attempt to add bytes.

        Raises:
            BlobIncomplete: the upload stands at another offset.
            BlobMismatch: it is finished, and is not what its id says; the market forgot it.
        """
        headers = {"upload-offset": str(offset_bytes), "content-type": "application/octet-stream"}
        # An answer that was lost must not lead to a blind second attempt: look at the offset first.
        call = Call(
            "PATCH",
            f"/v1/uploads/{blob_id}",
            headers=headers,
            content=piece,
            is_repeatable=False,
        )
        return read_answer(Upload, self._send(call))

    def put_blob(self, source: Path | bytes, on_progress: OnProgress | None = None) -> ContentId:
        """Upload a file or bytes unless the market has them; return their content id.

        Raises:
            MarketUnavailable: it went away for longer than the retries last; calling again goes on.
            BlobMismatch: the file changed while it was read.
        """
        with _opened(source) as (stream, blob_id, size_bytes):
            upload = self.create_upload(UploadRequest(blob_id=blob_id, size_bytes=size_bytes))
            failures = 0
            while not upload.is_complete:
                if on_progress:
                    on_progress(upload.offset_bytes, size_bytes)
                before_bytes = upload.offset_bytes
                upload = self._put_piece(stream, upload)
                failures = failures + 1 if upload.offset_bytes <= before_bytes else 0
                self._check_upload(upload, failures)
            if on_progress:
                on_progress(size_bytes, size_bytes)
            return blob_id

    def _put_piece(self, stream: IO[bytes], upload: Upload) -> Upload:
        stream.seek(upload.offset_bytes)
        piece = stream.read(UPLOAD_PIECE_BYTES)
        if not piece and upload.size_bytes:
            raise BlobMismatch("the file became shorter while it was uploaded")
        try:
            return self.patch_upload(ContentId(upload.blob_id), upload.offset_bytes, piece)
        except (BlobIncomplete, MarketUnavailable):
            return self.upload(ContentId(upload.blob_id))

    def _check_upload(self, upload: Upload, failures: int) -> None:
        """Stop, or wait, when pieces do not arrive."""
        if upload.is_complete or failures == 0:
            return
        if failures >= self._transport.retry.attempts:
            raise MarketUnavailable(f"the upload of {upload.blob_id} does not get on; try again")
        self._transport.pause(self._transport.retry.delay_seconds(failures))

    def fetch_blob(
        self,
        blob_id: ContentId,
        path: Path,
        max_bytes: int = MAX_BLOB_BYTES,
        on_progress: OnProgress | None = None,
    ) -> Path:
        """GET /v1/blobs/{blob_id} into the file `path`, which is whole and right or not there.

        What arrives is kept in `path` + ".part" and continued by the next call. A file that is
        there already and has the right content is left alone.

        Raises:
            BlobMismatch: the market sent other bytes.
            BlobTooLarge: there are more than `max_bytes`.
            NotFound, Forbidden: there is no such blob for this account.
        """
        with self._only_fetch_of(path):
            if path.is_file() and _file_id(path) == blob_id:
                return path
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            was_resumed = part.exists()
            self._fetch_part(blob_id, part, max_bytes, on_progress)
            if _file_id(part) != blob_id and was_resumed:
                # The beginning may stem from a crash or another time: once more, from nothing.
                part.unlink()
                self._fetch_part(blob_id, part, max_bytes, on_progress)
            if _file_id(part) != blob_id:
                part.unlink()
                raise BlobMismatch(f"the market sent other bytes than {blob_id}")
            part.replace(path)
            return path

    def _fetch_part(
        self, blob_id: ContentId, part: Path, max_bytes: int, on_progress: OnProgress | None
    ) -> None:
        """Append to `part` until the market has no more; progress resets the count of failures."""
        failures = 0
        while True:
            offset_bytes = part.stat().st_size if part.exists() else 0
            try:
                return self._receive(blob_id, part, offset_bytes, max_bytes, on_progress)
            except CallFailed as failed:
                grew = part.exists() and part.stat().st_size > offset_bytes
                failures = 1 if grew else failures + 1
                self._wait_after(failed, failures, self._transport.retry.attempts)

    def _receive(
        self,
        blob_id: ContentId,
        part: Path,
        offset_bytes: int,
        max_bytes: int,
        on_progress: OnProgress | None,
    ) -> None:
        headers = {"accept-encoding": "identity"}
        if offset_bytes:
            headers["range"] = f"bytes={offset_bytes}-"
        try:
            with self._stream(Call("GET", f"/v1/blobs/{blob_id}", headers=headers)) as response:
                begin_bytes = offset_bytes if _continues(response, offset_bytes) else 0
                _append(response, part, begin_bytes, max_bytes, on_progress)
        except CallFailed as failed:
            # 416: there is nothing after what we have. The digest will tell whether that is right.
            if failed.status != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise

    @contextmanager
    def _only_fetch_of(self, path: Path) -> Iterator[None]:
        key = path.absolute()
        with self._fetching_guard:
            turn = self._fetching.setdefault(key, _Turn())
            turn.users += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._fetching_guard:
                turn.users -= 1
                if not turn.users:  # a daemon fetches millions of files in its life
                    del self._fetching[key]


def blob_id_of(source: Path | bytes) -> ContentId:
    """The content id of a file or of bytes.

    Raises:
        InvalidInput: the file cannot be read.
    """
    with _opened(source) as (_, blob_id, _):
        return blob_id


def _continues(response: httpx.Response, offset_bytes: int) -> bool:
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        return False
    start = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    if start != str(offset_bytes):
        raise CallFailed(MarketUnavailable("the market answered with another range of the blob"))
    return True


def _append(
    response: httpx.Response,
    part: Path,
    begin_bytes: int,
    max_bytes: int,
    on_progress: OnProgress | None,
) -> None:
    length = response.headers.get("content-length", "")
    total_bytes = begin_bytes + (int(length) if length.isdigit() else 0)
    done_bytes = begin_bytes
    with part.open("ab" if begin_bytes else "wb") as file:
        for piece in response.iter_raw():
            done_bytes += len(piece)
            if done_bytes > max_bytes or total_bytes > max_bytes:
                raise BlobTooLarge(f"the blob is larger than {max_bytes} bytes")
            file.write(piece)
            if on_progress:
                on_progress(done_bytes, max(done_bytes, total_bytes))


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[IO[bytes], ContentId, int]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source), content_id(source), len(source)
        return
    try:
        with source.open("rb") as file:
            yield file, _stream_id(file), file.tell()
    except OSError as error:
        raise InvalidInput(f"cannot read {source}: {error.strerror}") from error


def _file_id(path: Path) -> ContentId:
    with path.open("rb") as file:
        return _stream_id(file)


def _stream_id(stream: IO[bytes]) -> ContentId:
    digest = hashlib.sha256()
    while piece := stream.read(_READ_BYTES):
        digest.update(piece)
    return ContentId("sha256:" + digest.hexdigest())
