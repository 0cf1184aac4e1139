"""Outputs, on their way down."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import Response

from protocol.client.client import MarketClient
from protocol.errors import BlobMismatch, BlobTooLarge, MarketUnavailable
from protocol.result import Outcome
from protocol.units import to_hex
from tests.client.tiny_market import TinyMarket, drops_after

JOB = b"\x01" * 32
PATH = f"/v1/jobs/{to_hex(JOB)}/tasks/7/result"
OUTPUT = b"an output" * 1000
DIGEST = Outcome(OUTPUT).digest


def answer(market: TinyMarket, data: bytes, digest: bytes | str = DIGEST) -> None:
    header = digest if isinstance(digest, str) else to_hex(digest)
    market.answers["GET", PATH] = lambda _: Response(data, headers={"Result-Hash": header})


def test_a_right_output(client: MarketClient, market: TinyMarket, tmp_path: Path) -> None:
    answer(market, OUTPUT)
    assert client.task_result(JOB, 7) == (OUTPUT, DIGEST)
    market.break_next("GET", PATH, drops_after(OUTPUT[:9], len(OUTPUT)))
    path = client.fetch_task_result(JOB, 7, tmp_path / "x", DIGEST, len(OUTPUT))
    assert path.read_bytes() == OUTPUT
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("digest", [bytes(32), "", "0x12"])
def test_an_output_without_its_hash(
    client: MarketClient, market: TinyMarket, digest: bytes | str
) -> None:
    answer(market, OUTPUT, digest)
    with pytest.raises(BlobMismatch):
        client.task_result(JOB, 7)


def test_another_output_leaves_nothing(
    client: MarketClient, market: TinyMarket, tmp_path: Path
) -> None:
    answer(market, b"another", Outcome(b"another").digest)
    with pytest.raises(BlobMismatch):
        client.fetch_task_result(JOB, 7, tmp_path / "x", DIGEST, len(OUTPUT))
    answer(market, OUTPUT)
    with pytest.raises(BlobTooLarge):
        client.fetch_task_result(JOB, 7, tmp_path / "x", DIGEST, len(OUTPUT) - 1)
    market.break_next("GET", PATH, *[drops_after(b"", 9)] * 9)
    with pytest.raises(MarketUnavailable):
        client.fetch_task_result(JOB, 7, tmp_path / "x", DIGEST, len(OUTPUT))
    assert list(tmp_path.iterdir()) == []


def test_all_results_at_once(client: MarketClient, market: TinyMarket, tmp_path: Path) -> None:
    market.answers["GET", f"/v1/jobs/{to_hex(JOB)}/results"] = lambda _: Response(b"PK")
    assert client.fetch_results(JOB, tmp_path / "all.zip").read_bytes() == b"PK"
