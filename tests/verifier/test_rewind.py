"""A reorganisation takes batches back; what is read afterwards counts, also after a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from protocol.chain.contracts import Contracts
from protocol.chain.events import ChainEvent, Cursor, Mark, Page
from protocol.chain.facts import BatchFacts
from protocol.chain.params import development
from protocol.chain.sender import Sender
from protocol.job import Job
from protocol.sampling import Seat
from protocol.units import ZERO_BYTES32, Address, Bytes32, to_hex
from tests.protocol.make_vectors import jobs, word
from tests.verifier.strangers import HOLDERS, Work, committed, seeded
from verifier.daemon import REMEMBERED_BLOCKS, Verifier
from verifier.draws import AuditKey
from verifier.journal import Audit, Journal

ME = HOLDERS[0]


class Script:
    """What a reader, the views and a sender would say: pages in turn, and one seat of mine."""

    address = ME

    def __init__(self, *pages: Page) -> None:
        self.pages = list(pages)
        self.asked: list[Cursor | None] = []
        self.seeds: dict[bytes, Bytes32] = {}
        self.seeds_asked: list[bytes] = []
        self.head = 20
        self.holder = ME

    def poll(self, cursor: Cursor | None) -> Page:
        self.asked.append(cursor)
        return self.pages.pop(0) if self.pages else Page(None, (), cursor or Cursor(()))

    def step(self) -> None:
        pass

    def params(self) -> Any:
        return development()

    def block_timestamp(self) -> int:
        return 1002

    def block_number(self) -> int:
        return self.head

    def seats(self) -> tuple[Seat, ...]:
        return (Seat(self.holder, 1),)

    def batch(self, _: bytes) -> Any:
        return BatchFacts(10, 1000, line_count=1, finished_bits=0, disputed_bits=0, seat_count=1)

    def seed_of(self, batch_id: bytes) -> Bytes32:
        self.seeds_asked.append(batch_id)
        return self.seeds.get(batch_id, ZERO_BYTES32)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


class Diary:
    """An auditor that only notes what it is asked to perform."""

    def __init__(self) -> None:
        self.asked: list[AuditKey] = []

    def perform(self, audit: Audit, *_: Any, is_late: bool) -> None:
        self.asked.append(audit.key)

    def close(self) -> None:
        pass


def _verifier(
    script: Script,
    journal: Journal,
    auditor: Any = None,
    stop: threading.Event | None = None,
) -> Verifier:
    views, sender, reader = cast(Contracts, script), cast(Sender, script), cast(Any, script)
    idle: Any = None
    stop = stop or threading.Event()
    return Verifier(views, reader, sender, journal, auditor, idle, idle, stop)


def _marks(*blocks: int, fork: str = "a") -> Cursor:
    return Cursor(tuple(Mark(block, word(f"{fork} {block}")) for block in blocks))


def _page(cursor: Cursor, *events: Any, rollback_to: int | None = None) -> Page:
    is_caught_up = rollback_to is None
    return Page(rollback_to, cast(tuple[ChainEvent, ...], events), cursor, is_caught_up)


def test_a_batch_that_was_taken_back_is_not_audited(journal: Journal) -> None:
    gone, instead = Work(name="gone"), Work(name="instead")
    script = Script(
        _page(_marks(8)),
        _page(_marks(8, 10), committed(gone, 10)),
        _page(_marks(8), rollback_to=8),
        _page(_marks(8, 12, fork="a"), committed(instead, 11), seeded(instead)),
    )
    verifier = _verifier(script, journal)
    for _ in range(3):
        verifier.step()
    assert journal.audits_of(gone.batch_id) == ()
    assert len(journal.audits_of(instead.batch_id)) == instead.count


def test_a_restart_reads_again_from_before_what_is_not_over(journal: Journal) -> None:
    work = Work()
    script = Script(_page(_marks(8)), _page(_marks(8, 10), committed(work, 10)))
    verifier = _verifier(script, journal)
    verifier.step()
    verifier.step()
    assert journal.bookmark() == _marks(8)
    again = Script(_page(_marks(8, 12), committed(work, 10), seeded(work)))
    _verifier(again, journal).step()
    assert again.asked[0] == _marks(8)
    assert len(journal.audits_of(work.batch_id)) == work.count


def test_a_seed_is_asked_for_once_its_block_is_mined(journal: Journal) -> None:
    work = Work()
    script = Script(_page(_marks(8, 10), committed(work, 10)))
    script.seeds[work.batch_id] = word("seed")
    verifier = _verifier(script, journal)
    script.head = 11
    verifier.step()
    assert script.seeds_asked == []
    script.head = 12
    for _ in range(3):
        verifier.step()
    assert script.seeds_asked == [work.batch_id]
    assert len(journal.audits_of(work.batch_id)) == work.count


def test_an_endpoint_that_lags_behind_is_asked_for_the_seed_again(journal: Journal) -> None:
    work = Work()
    script = Script(_page(_marks(8, 10), committed(work, 10)))
    verifier = _verifier(script, journal)
    verifier.step()
    script.seeds[work.batch_id] = word("seed")
    verifier.step()
    assert len(journal.audits_of(work.batch_id)) == work.count


def test_a_forgotten_seed_is_told_once(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    script = Script(_page(_marks(8, 10), committed(work, 10)))
    script.head = 10 + 1 + REMEMBERED_BLOCKS + 1
    verifier = _verifier(script, journal)
    for _ in range(3):
        verifier.step()
    assert journal.audits_of(work.batch_id) == ()
    assert len(script.seeds_asked) == 1
    assert [record.message for record in caplog.records if "forgotten" in record.message] == [
        f"batch {to_hex(work.batch_id)}: its seed is forgotten; it cannot be audited any more"
    ]


@pytest.mark.parametrize(("holder", "is_asked"), [(ME, True), (HOLDERS[1], False)])
def test_only_what_the_seed_that_counts_draws_is_audited(
    journal: Journal, holder: Address, is_asked: bool
) -> None:
    """The journal knows an audit that another seed had drawn, before a reorganisation."""
    work, diary = Work(), Diary()
    job = jobs()[0]
    assert isinstance(job, Job)
    journal.add_job(word("job"), job)
    journal.add_audit(AuditKey(work.batch_id, work.lease_id, work.first_task), 0)
    script = Script(_page(_marks(8, 10), committed(work, 10), seeded(work)))
    script.holder = holder
    stop = threading.Event()
    verifier = _verifier(script, journal, diary, stop)
    verifier.step()
    stop.set()
    verifier.run()  # waits for what was begun
    assert bool(diary.asked) == is_asked
