"""What the journal holds survives closing it, and cannot be changed once it binds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.chain.events import Cursor, Mark
from protocol.job import Job
from protocol.units import content_id, to_hex
from tests.protocol.make_vectors import jobs, word
from tests.verifier.strangers import Work
from verifier.draws import AuditKey
from verifier.journal import Ballot, Journal, Step

KEY = AuditKey(word("batch"), word("lease"), 2**32 - 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path)
    yield opened
    opened.close()


def test_a_new_journal_is_empty(journal: Journal) -> None:
    assert journal.bookmark() is None
    assert journal.audit(KEY) is None
    assert journal.ballot(1) is None
    assert journal.job(word("job")) is None
    assert journal.audits_of(word("batch")) == ()


def test_what_a_comparator_needs_is_kept(journal: Journal, path: Path) -> None:
    output = content_id(b"an output")
    journal.add_audit(KEY, 0)
    journal.set_committed(KEY, Work().opening(9), output)
    journal.add_tolerant(word("spec"))
    journal.add_tolerant(word("spec"))
    first, second = Ballot(word("one"), word("salt")), Ballot(word("two"), word("salt"))
    assert journal.add_own(7, first) == first
    again = Journal(path)
    audit = again.audit(KEY)
    assert audit is not None
    assert (audit.opening, audit.output) == (Work().opening(9), output)
    assert again.is_tolerant(word("spec"))
    assert not again.is_tolerant(word("another"))
    assert again.add_own(7, second) == first  # it was sent: it binds
    assert again.add_own(8, second) == second
    again.close()


def test_an_opening_of_before_there_were_outputs_is_read(journal: Journal) -> None:
    opening = Work().opening(9)
    path = [to_hex(step) for step in opening.proof]
    older = json.dumps([to_hex(opening.digest), to_hex(opening.salt), path])
    journal.add_audit(KEY, 0)
    journal._run("UPDATE audit SET opening = ?", older)
    audit = journal.audit(KEY)
    assert audit is not None
    assert (audit.opening, audit.output) == (opening, None)


def test_everything_is_there_after_opening_it_again(journal: Journal, path: Path) -> None:
    opening = Work().opening(9)
    cursor = Cursor((Mark(7, word("block")),))
    journal.add_audit(KEY, 65)
    journal.set_executed(KEY, word("digest"), word("salt"))
    journal.set_committed(KEY, opening)
    journal.set_bookmark(cursor)
    journal.add_ballot(2**255, Ballot(word("digest"), word("vote salt")))
    again = Journal(path)
    audit = again.audit(KEY)
    assert audit is not None
    assert (audit.key, audit.attempt, audit.step) == (KEY, 65, Step.COMMITTED)
    assert audit.opening == opening
    assert (audit.digest, audit.salt) == (word("digest"), word("salt"))
    assert again.bookmark() == cursor
    assert again.ballot(2**255) == Ballot(word("digest"), word("vote salt"))
    assert again.audits_of(KEY.batch_id) == (audit,)
    assert again.audits_by_step() == {Step.COMMITTED: 1}
    again.close()


def test_a_digest_is_fixed_once(journal: Journal) -> None:
    journal.add_audit(KEY, 1)
    journal.set_executed(KEY, word("first"), word("salt"))
    journal.set_executed(KEY, word("second"), word("other salt"))
    journal.add_audit(KEY, 2)
    audit = journal.audit(KEY)
    assert audit is not None
    assert (audit.digest, audit.salt) == (word("first"), word("salt"))
    assert (audit.attempt, audit.step) == (2, Step.EXECUTED)


def test_a_ballot_is_fixed_once(journal: Journal) -> None:
    first = Ballot(word("first"), word("salt"))
    assert journal.add_ballot(1, first) == first
    assert journal.add_ballot(1, Ballot(word("second"), word("salt"))) == first


def test_an_audit_ends_with_its_reason(journal: Journal) -> None:
    journal.add_audit(KEY, 0)
    journal.set_step(KEY, Step.ABANDONED, "no sandbox")
    audit = journal.audit(KEY)
    assert audit is not None
    assert (audit.step, audit.reason) == (Step.ABANDONED, "no sandbox")


def test_jobs_are_noted(journal: Journal) -> None:
    job = jobs()[0]
    assert isinstance(job, Job)
    for _ in range(2):
        journal.add_job(word("job"), job)
    note = journal.job(word("job"))
    assert note is not None
    assert (note.spec_hash, note.task_count) == (job.spec_hash, 40)
