"""Both journals keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.chain.calls import Call
from protocol.chain.journal import (
    Attempt,
    Journal,
    JournalEntry,
    MemoryJournal,
    Receipt,
    SqliteJournal,
)
from protocol.errors import ChainRejected, Conflict
from protocol.units import Address, Bytes32

TO = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
CALL = Call(TO, b"\x01\x02", 10**30)
HASH = Bytes32(b"\x07" * 32)
FULL = JournalEntry(
    key="full",
    call=CALL,
    nonce=3,
    gas=50_000,
    attempts=(Attempt(HASH, b"\x02\xff", 10**20, 10**9, 12.5),),
    receipt=Receipt(HASH, 9, HASH, 40_000),
    problem="why",
    waits_for_nonce=2,
)


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    made = SqliteJournal(tmp_path / "journal.sqlite")
    yield made
    made.close()


def test_an_entry_comes_back_whole(journal: Journal) -> None:
    journal.add(JournalEntry("full", CALL))
    journal.put(FULL)
    assert journal.get("full") == FULL
    assert journal.get("other") is None


def test_adding_twice_changes_nothing(journal: Journal) -> None:
    journal.add(JournalEntry("full", CALL))
    journal.put(FULL)
    journal.add(JournalEntry("full", CALL))
    assert journal.get("full") == FULL


def test_another_call_under_a_known_key_is_a_conflict(journal: Journal) -> None:
    journal.add(JournalEntry("key", CALL))
    with pytest.raises(Conflict, match="'key'"):
        journal.add(JournalEntry("key", replace(CALL, data=b"")))


def test_unfinished_entries_keep_their_order(journal: Journal) -> None:
    for key in ("c", "a", "b"):
        journal.add(JournalEntry(key, CALL))
    journal.put(JournalEntry("a", CALL, is_final=True))
    assert [entry.key for entry in journal.unfinished()] == ["c", "b"]


def test_a_removed_key_is_free_again(journal: Journal) -> None:
    journal.add(JournalEntry("key", CALL))
    journal.remove("key")
    journal.remove("key")
    journal.add(JournalEntry("key", replace(CALL, data=b"")))
    assert [entry.call.data for entry in journal.unfinished()] == [b""]


def test_it_serves_one_chain_and_account(journal: Journal) -> None:
    journal.bind("chain 1")
    journal.bind("chain 1")
    with pytest.raises(ChainRejected, match="belongs to chain 1"):
        journal.bind("chain 2")


def test_the_file_outlives_the_process(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path / "journal.sqlite")
    first.bind("chain 1")
    first.add(JournalEntry("full", CALL))
    first.put(FULL)
    # No close: as if the process had been killed.
    second = SqliteJournal(tmp_path / "journal.sqlite")
    assert second.unfinished() == [FULL]
    with pytest.raises(ChainRejected):
        second.bind("chain 2")
    second.close()
    first.close()


def test_the_states_exclude_each_other() -> None:
    queued = JournalEntry("key", CALL)
    flying = replace(FULL, receipt=None)
    assert [queued.is_queued, flying.is_queued, FULL.is_queued] == [True, False, False]
    assert [queued.is_in_flight, flying.is_in_flight, FULL.is_in_flight] == [False, True, False]
    assert flying.requeued("lost").is_queued
    assert flying.rejected("no").is_final
