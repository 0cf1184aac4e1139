"""Ringers on the requester's side: read, hidden, remembered before the job is posted, left out."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from starlette.requests import Request
from starlette.responses import Response

from protocol import errors
from protocol.client.client import MarketClient
from protocol.client.retry import Retry
from protocol.dispute import DisputeStatus, Verdict
from protocol.errors import InvalidInput
from protocol.result import Outcome
from protocol.ringers import Ringer, Ringers
from protocol.spec import decode_task_list
from protocol.units import WEI_PER_CREDIT, ZERO_ADDRESS, Bytes32, ContentId, content_id, to_hex
from protocol.verification import Close
from requester.draft import WasmDraft
from requester.inspection import Pursuit, Report, WrongResult, pursuit_of
from requester.programs import program
from requester.requester import Requester
from requester.ringers import KnownTask, Note, Notes, read_known
from tests.requester.job_market import PRICE_WEI, JobMarket
from tests.support.chains import start_anvil

DRAFT = WasmDraft(program("noop"), label="noop")
ASKED = [b"one", b"two", b"three", b"four"]
PLENTY = 10 * WEI_PER_CREDIT


@pytest.fixture(scope="module")
def rpc_url() -> Iterator[str]:
    with start_anvil() as url:
        yield url


@pytest.fixture
def client(market: JobMarket, wallet: LocalAccount) -> Iterator[MarketClient]:
    retry = Retry(attempts=3, base_seconds=0.001, cap_seconds=0.002)
    with MarketClient(market.url, wallet, retry=retry) as opened:
        yield opened


@pytest.fixture
def knowing(client: MarketClient, wallet: LocalAccount, rpc_url: str, tmp_path: Path) -> Requester:
    """A requester that asks a chain, and remembers ringers."""
    return Requester(client, wallet, state=tmp_path, rpc_url=rpc_url)


def known(*names: bytes) -> list[KnownTask]:
    """Tasks of the tiny market's program, which turns its input around."""
    return [KnownTask(name, Outcome(name[::-1]).digest) for name in names]


# ---------------------------------------------------------------------------------- jobs


def test_ringers_are_among_the_tasks_and_not_among_the_results(
    knowing: Requester, market: JobMarket, tmp_path: Path
) -> None:
    handle = knowing.submit(DRAFT, ASKED, PLENTY, known=known(b"ringer a", b"ringer b"))
    (posted,) = market.posted.values()
    inputs = decode_task_list(market.blobs[posted.spec.task_list], 6)
    assert sorted(inputs) == sorted(map(content_id, [*ASKED, b"ringer a", b"ringer b"]))
    assert [result.outcome.output for result in handle.results()] == [x[::-1] for x in ASKED]
    assert [result.task for result in handle.results()] == [0, 1, 2, 3]
    paths = handle.download(tmp_path / "results")
    assert [path.name for path in paths] == [f"task-00000{n}.bin" for n in range(4)]
    assert [path.read_bytes() for path in paths] == [x[::-1] for x in ASKED]


def test_their_price_is_part_of_the_quote(knowing: Requester) -> None:
    plan = knowing.plan(DRAFT, ASKED, known=known(b"ringer a", b"ringer b"))
    assert plan.ringers_wei == 2 * PRICE_WEI
    assert plan.job.task_count == 6
    assert plan.total_wei >= 6 * PRICE_WEI
    assert knowing.plan(DRAFT, ASKED).ringers_wei == 0


def test_a_job_with_a_comparator_has_none(knowing: Requester) -> None:
    """Nobody knows beforehand which of the digests that it allows will be found."""
    noisy = replace(DRAFT, comparator=Close("float32", absolute="1e-6", relative="0"))
    with pytest.raises(InvalidInput, match="exact results"):
        knowing.plan(noisy, ASKED, known=known(b"ringer"))


@pytest.mark.parametrize(
    ("verdict", "pursuit", "is_left"),
    [
        (Verdict.NONE, Pursuit.VOID, True),
        (Verdict.CHALLENGER_LOST, Pursuit.CHALLENGER_LOST, True),
        (Verdict.OUT_OF_TOLERANCE, Pursuit.OUT_OF_TOLERANCE, False),
        (Verdict.UNAVAILABLE, Pursuit.UNAVAILABLE, False),
    ],
)
def test_a_ruling_that_ends_the_lease_leaves_nothing_to_be_done(
    verdict: Verdict, pursuit: Pursuit, *, is_left: bool
) -> None:
    assert pursuit_of(DisputeStatus.RESOLVED, verdict) is pursuit
    wrong = WrongResult(0, "0x", ZERO_ADDRESS, pursuit, 1, 0, None)
    assert bool(Report(1, 0, 0, (wrong,)).unresolved) is is_left


def test_where_they_are_is_not_the_same_twice(knowing: Requester) -> None:
    places = {
        plan.ringers.tasks
        for plan in (knowing.plan(DRAFT, ASKED, known=known(b"ringer")) for _ in range(60))
        if plan.ringers
    }
    assert places == {(task,) for task in range(5)}


def test_another_process_knows_them_and_another_machine_does_not(
    knowing: Requester, client: MarketClient, wallet: LocalAccount, tmp_path: Path
) -> None:
    handle = knowing.submit(DRAFT, ASKED, PLENTY, known=known(b"ringer"))
    again = Requester(client, wallet, state=tmp_path).job(handle.job_id)
    assert again.ringers == handle.ringers
    assert again.missing_tasks() == []
    elsewhere = Requester(client, wallet, state=tmp_path / "elsewhere").job(handle.job_id)
    assert len(list(elsewhere.results())) == 5
    with pytest.raises(errors.NotFound, match="on this machine"):
        elsewhere.check()


def test_they_are_on_disk_before_the_job_is_posted(
    knowing: Requester, market: JobMarket, tmp_path: Path
) -> None:
    plan = knowing.plan(DRAFT, ASKED, known=known(b"ringer"))
    market.answers["POST", "/v1/jobs"] = refused
    with pytest.raises(errors.Conflict):
        knowing.post(plan, PLENTY)
    assert not market.posted
    (path,) = (tmp_path / "ringers").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    del market.answers["POST", "/v1/jobs"]
    assert knowing.post(plan, PLENTY).ringers == plan.ringers


def refused(_: Request) -> Response:
    raise errors.Conflict("full")


def test_without_the_chain_no_job_with_ringers_is_posted(
    client: MarketClient, wallet: LocalAccount, market: JobMarket, tmp_path: Path
) -> None:
    blind = Requester(client, wallet, state=tmp_path, rpc_url="http://127.0.0.1:1")
    with pytest.raises(errors.ChainUnavailable):
        blind.submit(DRAFT, ASKED, PLENTY, known=known(b"ringer"))
    assert not market.uploads
    assert not market.posted


def test_a_ringer_is_used_once(knowing: Requester, market: JobMarket) -> None:
    knowing.submit(DRAFT, ASKED, PLENTY, known=known(b"ringer"))
    with pytest.raises(errors.InvalidInput, match="use each once"):
        knowing.plan(DRAFT, ASKED, known=known(b"another", b"ringer"))
    with pytest.raises(errors.InvalidInput, match="same input"):
        knowing.plan(DRAFT, ASKED, known=known(b"twin", b"twin"))
    market.posted.clear()  # it never came to be: nobody has seen the ringer
    assert knowing.plan(DRAFT, ASKED, known=known(b"ringer")).ringers


def test_a_task_without_result_is_named_by_its_own_number(
    knowing: Requester, market: JobMarket
) -> None:
    market.held = set(range(5))
    handle = knowing.submit(DRAFT, ASKED, PLENTY, known=known(b"ringer"))
    assert handle.missing_tasks() == [0, 1, 2, 3]
    with pytest.raises(errors.Conflict, match="task 0 has no result"):
        list(handle.results())
    assert list(handle.results(partial=True)) == []


# ---------------------------------------------------------------------------------- notes

NOTE = Note(
    Ringers(9, (Ringer(4, Bytes32(b"\1" * 32)), Ringer(7, Bytes32(b"\2" * 32)))),
    (content_id(b"a"), content_id(b"b")),
    first_block=12,
)
JOB_ID = Bytes32(b"\x0a" * 32)


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "ringers")
    assert notes.find(JOB_ID) is None
    notes.add(JOB_ID, NOTE)
    assert notes.find(JOB_ID) == NOTE


def test_the_first_note_of_a_job_stays(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    notes.add(JOB_ID, NOTE)
    notes.add(JOB_ID, replace(NOTE, first_block=13))
    assert notes.find(JOB_ID) == NOTE
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "{}", '{"ringers": 1}', "[]", '{"ringers": [{}]}'])
def test_a_note_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / f"{JOB_ID.hex()}.json").write_text(text)
    with pytest.raises(errors.InvalidInput, match="not a job's ringers"):
        Notes(tmp_path).find(JOB_ID)


def test_nothing_secret_is_shown_by_accident(knowing: Requester) -> None:
    plan = knowing.plan(DRAFT, ASKED, known=known(b"ringer"))
    assert plan.ringers is not None
    text = repr((plan.ringers, NOTE, known(b"ringer"), plan.ringer_inputs))
    assert to_hex(Outcome(b"regnir").digest)[2:] not in text
    assert str(plan.ringers.tasks) not in repr(plan.ringers)


# ---------------------------------------------------------------------------------- files


def write(folder: Path, *lines: object) -> Path:
    path = folder / "known.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    return path


def test_known_results_are_read_from_files_beside_the_list(tmp_path: Path) -> None:
    (tmp_path / "yes").write_bytes(b"\1")
    (tmp_path / "cat").write_bytes(b"meow")
    digest = Outcome(b"\0").digest
    path = write(
        tmp_path,
        {"input": "cat", "output": "yes"},
        {"input": "dog", "result_hash": to_hex(digest)},
        {"input": "bad", "failure": "trap"},
    )
    assert read_known(path) == [
        KnownTask(tmp_path / "cat", Outcome(b"\1").digest),
        KnownTask(tmp_path / "dog", digest),
        KnownTask(tmp_path / "bad", Outcome(failure="trap").digest),
    ]


@pytest.mark.parametrize(
    "line",
    [
        {"input": "cat"},
        {"output": "yes"},
        {"input": "cat", "output": "yes", "failure": "trap"},
        {"input": "cat", "output": 1},
        {"input": "cat", "output": "missing"},
        {"input": "cat", "failure": "no such code"},
        {"input": "cat", "result_hash": "0x12"},
        ["input"],
        "input",
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: object) -> None:
    (tmp_path / "yes").write_bytes(b"\1")
    with pytest.raises(errors.InvalidInput, match=r"known\.jsonl, line 2: "):
        read_known(write(tmp_path, {"input": "cat", "output": "yes"}, line))


def test_a_list_without_ringers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInput, match="no ringers"):
        read_known(write(tmp_path))


def test_inputs_are_named_by_content(tmp_path: Path) -> None:
    assert ContentId(NOTE.to_json()["ringers"][0]["input"]) == content_id(b"a")
