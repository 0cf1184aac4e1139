"""Every drawn audit is somebody's, and the same for whoever computes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.chain.view import OpenBatch
from protocol.sampling import MAX_DRAWS, Seat, audit_rounds, draw_verifiers
from protocol.units import Address
from tests.protocol.make_vectors import word
from tests.verifier.strangers import HOLDERS, OPERATOR, PRICE_WEI, PROVIDER, REQUESTER, Work
from verifier.draws import AuditKey, my_audits

PARTIES = [PROVIDER, REQUESTER, OPERATOR]
holders = st.sampled_from(HOLDERS + PARTIES)
seat_lists = st.lists(st.builds(Seat, holders, st.integers(0, 12), st.integers(0, 14)), max_size=10)


def _batch(work: Work, seed: str | None = "seed") -> OpenBatch:
    return OpenBatch(work.batch_id, work.batch, 10, 1000, word(seed) if seed else None)


@given(seat_lists, st.integers(0, 20 * PRICE_WEI), st.text(max_size=4))
def test_each_audit_is_drawn_for_one_verifier(seats: list[Seat], stake_wei: int, text: str) -> None:
    work = Work(count=6, stake_wei=stake_wei)
    batch = _batch(work, "seed" + text)
    seed, rate_ppm = word("seed" + text), work.batch.audit_rate_ppm(0)
    drawn = {
        (key, attempt, Address(me))
        for me in HOLDERS + PARTIES
        for key, attempt in my_audits(batch, seats, me).items()
    }
    expected = {
        (AuditKey(work.batch_id, work.lease_id, task), draw.attempt, draw.holder)
        for task in work.lease.tasks
        for draw in draw_verifiers(seed, work.lease_id, task, rate_ppm, seats, 10, PARTIES)
    }
    assert drawn == expected
    assert not {holder for _, _, holder in drawn} & set(PARTIES)


def test_without_a_seed_nothing_is_drawn() -> None:
    assert my_audits(_batch(Work(), None), [Seat(HOLDERS[0], 1)], HOLDERS[0]) == {}


def test_the_only_seat_audits_everything_once() -> None:
    work = Work(stake_wei=0)
    mine = my_audits(_batch(work), [Seat(HOLDERS[0], 1)], HOLDERS[0])
    assert [key.task for key in mine] == list(work.lease.tasks)
    assert all(attempt < MAX_DRAWS for attempt in mine.values())


def test_a_second_verifier_audits_what_is_drawn_twice() -> None:
    work = Work(stake_wei=0)
    rate_ppm = work.batch.audit_rate_ppm(0)
    rounds = {
        task: audit_rounds(word("seed"), work.lease_id, task, rate_ppm) for task in work.lease.tasks
    }
    assert 2 in rounds.values()
    seats = [Seat(HOLDERS[0], 1), Seat(HOLDERS[1], 1)]
    both = [my_audits(_batch(work), seats, me) for me in HOLDERS[:2]]
    counts = {t: sum(key.task == t for mine in both for key in mine) for t in work.lease.tasks}
    assert counts == rounds
