"""Uploads and downloads over a line that breaks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from starlette.responses import Response

from protocol.client import blobs
from protocol.client.client import MarketClient
from protocol.client.wire import UploadRequest
from protocol.errors import (
    BlobIncomplete,
    BlobMismatch,
    BlobTooLarge,
    InvalidInput,
    MarketUnavailable,
    NotFound,
)
from protocol.units import content_id
from tests.client.tiny_market import TinyMarket, answers_with, drops_after, loses_the_answer

DATA = bytes(range(256)) * 64
BLOB = content_id(DATA)
DOWN = f"/v1/blobs/{BLOB}"
UP = f"/v1/uploads/{BLOB}"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "UPLOAD_PIECE_BYTES", 5000)


@pytest.mark.parametrize("data", [DATA, b"", b"x"])
def test_upload_then_download(
    client: MarketClient, market: TinyMarket, tmp_path: Path, data: bytes
) -> None:
    source = tmp_path / "source"
    source.write_bytes(data)
    assert client.put_blob(source) == client.put_blob(data) == content_id(data)
    assert market.blobs[content_id(data)] == data
    target = client.fetch_blob(content_id(data), tmp_path / "deep" / "target")
    assert target.read_bytes() == data
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_present_blob_is_not_sent(client: MarketClient, market: TinyMarket) -> None:
    client.put_blob(DATA)
    pieces = market.count("PATCH", UP)
    client.put_blob(DATA)
    assert market.count("PATCH", UP) == pieces == 4
    assert client.has_blob(BLOB)
    assert not client.has_blob(content_id(b"other"))


def test_upload_goes_on_from_its_offset(client: MarketClient, market: TinyMarket) -> None:
    market.uploads[BLOB] = bytearray(DATA[:7000])
    seen: list[tuple[int, int]] = []
    client.put_blob(DATA, on_progress=lambda *state: seen.append(state))
    assert market.blobs[BLOB] == DATA
    assert seen == [(7000, 16384), (12000, 16384), (16384, 16384)]


def test_upload_survives_lost_answers(client: MarketClient, market: TinyMarket) -> None:
    market.break_next("PATCH", UP, loses_the_answer, drops_after(b"", 9), loses_the_answer)
    client.put_blob(DATA)
    assert market.blobs[BLOB] == DATA


def test_upload_survives_another_uploader(client: MarketClient, market: TinyMarket) -> None:
    state = client.create_upload(UploadRequest(blob_id=BLOB, size_bytes=len(DATA)))
    client.patch_upload(BLOB, 0, DATA[:3000])
    assert state.offset_bytes == 0
    with pytest.raises(BlobIncomplete):
        client.patch_upload(BLOB, 0, DATA[:3000])
    client.put_blob(DATA)
    assert market.blobs[BLOB] == DATA


def test_upload_that_does_not_get_on_ends(client: MarketClient, market: TinyMarket) -> None:
    market.break_next("PATCH", UP, *[drops_after(b"", 9)] * 50)
    with pytest.raises(MarketUnavailable, match="does not get on"):
        client.put_blob(DATA)
    assert market.count("PATCH", UP) == 4


def test_file_that_changes_is_refused(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(DATA)

    def change(done_bytes: int, _: int) -> None:
        if done_bytes == 0:
            source.write_bytes(DATA[:-1] + b"?")

    with pytest.raises(BlobMismatch):
        client.put_blob(source, on_progress=change)
    assert BLOB not in market.blobs


def test_file_that_is_not_there(client: MarketClient, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        client.put_blob(tmp_path / "nothing")


def test_download_goes_on_after_a_dropped_connection(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    market.blobs[BLOB] = DATA
    market.break_next("GET", DOWN, drops_after(DATA[:6000], len(DATA)))
    client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == DATA
    ranges = [headers.get("range") for _, path, headers in market.requests if path == DOWN]
    assert ranges == [None, "bytes=6000-"]


def test_download_goes_on_from_an_earlier_process(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    market.blobs[BLOB] = DATA
    (tmp_path / "blob.part").write_bytes(DATA[:16000])
    client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == DATA
    assert market.count("GET", DOWN) == 1


@pytest.mark.parametrize("part", [b"?" * 100, DATA + b"?", b"?" * len(DATA)])
def test_a_spoilt_part_is_thrown_away(
    client: MarketClient, market: TinyMarket, tmp_path: Path, part: bytes
) -> None:
    market.blobs[BLOB] = DATA
    (tmp_path / "blob.part").write_bytes(part)
    client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == DATA


def test_a_finished_part_only_needs_its_name(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    market.blobs[BLOB] = DATA
    (tmp_path / "blob.part").write_bytes(DATA)
    client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == DATA


def test_a_market_that_ignores_ranges(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    (tmp_path / "blob.part").write_bytes(DATA[:100])
    market.break_next("GET", DOWN, answers_with(Response(DATA)))
    client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == DATA


def test_wrong_bytes_leave_nothing(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    market.blobs[BLOB] = DATA[::-1]
    with pytest.raises(BlobMismatch, match=BLOB):
        client.fetch_blob(BLOB, tmp_path / "blob")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_file_is_replaced(client: MarketClient, market: TinyMarket, tmp_path: Path) -> None:
    market.blobs[BLOB] = DATA
    (tmp_path / "blob").write_bytes(b"wrong")
    client.fetch_blob(BLOB, tmp_path / "blob")
    client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == DATA
    assert market.count("GET", DOWN) == 1


def test_a_blob_too_large(client: MarketClient, market: TinyMarket, tmp_path: Path) -> None:
    market.blobs[BLOB] = DATA
    with pytest.raises(BlobTooLarge):
        client.fetch_blob(BLOB, tmp_path / "blob", max_bytes=len(DATA) - 1)
    assert not (tmp_path / "blob").exists()


def test_a_missing_blob(client: MarketClient, market: TinyMarket, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        client.fetch_blob(BLOB, tmp_path / "blob")
    assert market.count("GET", DOWN) == 1


def test_a_download_that_does_not_get_on_keeps_its_part(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    nothing = drops_after(b"", 9, 206, content_range="bytes 6000-16383/16384")
    market.break_next("GET", DOWN, drops_after(DATA[:6000], 16384), *[nothing] * 50)
    with pytest.raises(MarketUnavailable):
        client.fetch_blob(BLOB, tmp_path / "blob")
    assert (tmp_path / "blob.part").read_bytes() == DATA[:6000]


def test_download_signs_in_again(client: MarketClient, market: TinyMarket, tmp_path: Path) -> None:
    market.blobs[BLOB] = DATA
    client.session()
    market.sessions.clear()
    assert client.fetch_blob(BLOB, tmp_path / "blob").read_bytes() == DATA


def test_two_threads_fetch_the_same_blob(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    market.blobs[BLOB] = DATA
    threads = [
        threading.Thread(target=client.fetch_blob, args=(BLOB, tmp_path / "blob")) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert (tmp_path / "blob").read_bytes() == DATA
    assert market.count("GET", DOWN) == 1


def test_a_client_forgets_what_it_fetched(client: MarketClient, tmp_path: Path) -> None:
    """A daemon fetches millions of files in its life."""
    data = b"one of many"
    client.put_blob(data)
    for number in range(3):
        client.fetch_blob(content_id(data), tmp_path / str(number))
    assert not client._fetching
