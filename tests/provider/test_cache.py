"""The blob cache against a source that misbehaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from protocol.errors import BlobTooLarge
from protocol.units import ContentId, content_id
from provider.cache import BlobCache

A, B, C = bytes(400), b"b" * 400, b"c" * 400


class Source:
    """Writes the wanted bytes; counts what was asked for."""

    def __init__(self, *blobs: bytes) -> None:
        self.blobs = {content_id(blob): blob for blob in blobs}
        self.fetched: list[ContentId] = []

    def fetch(self, blob_id: ContentId, path: Path, max_bytes: int) -> Path:
        if not path.exists() or content_id(path.read_bytes()) != blob_id:
            path.unlink(missing_ok=True)
            path.write_bytes(self.blobs[blob_id])
            self.fetched.append(blob_id)
        return path


@pytest.fixture
def source() -> Source:
    return Source(A, B, C)


def test_a_blob_is_fetched_once_and_readable(tmp_path: Path, source: Source) -> None:
    cache = BlobCache(tmp_path / "blobs", 1000, source.fetch)
    for _ in range(2):
        with cache.using([content_id(A), content_id(B)]) as (a, b):
            assert (a.read_bytes(), b.read_bytes()) == (A, B)
            assert a.stat().st_mode & 0o777 == 0o444
    assert source.fetched == [content_id(A), content_id(B)]
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700


def test_the_oldest_unused_blob_goes_first(tmp_path: Path, source: Source) -> None:
    cache = BlobCache(tmp_path / "blobs", 1000, source.fetch)
    for blob in (A, B):
        with cache.using([content_id(blob)]) as (path,):
            os.utime(path, ns=(len(source.fetched), len(source.fetched)))
    with cache.using([content_id(C)]):
        names = {file.name for file in (tmp_path / "blobs").iterdir()}
    assert names == {content_id(blob).removeprefix("sha256:") for blob in (B, C)}


def test_what_is_in_use_stays(tmp_path: Path, source: Source) -> None:
    cache = BlobCache(tmp_path / "blobs", 1000, source.fetch)
    with cache.using([content_id(A), content_id(B)]) as (a, b):
        with pytest.raises(BlobTooLarge), cache.using([content_id(C)]):
            pytest.fail("there is no room")
        assert a.exists()
        assert b.exists()


def test_a_leftover_part_file_is_thrown_away_for_room(tmp_path: Path, source: Source) -> None:
    cache = BlobCache(tmp_path / "blobs", 1000, source.fetch)
    part = tmp_path / "blobs" / ("0" * 64 + ".part")
    part.write_bytes(bytes(900))
    os.utime(part, (1, 1))
    with cache.using([content_id(A)]):
        assert not part.exists()
