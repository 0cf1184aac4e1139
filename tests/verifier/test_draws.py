"""Every drawn audit is somebody's, and the same for whoever computes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.sampling import Seat, audited_tasks, draw_verifier
from protocol.units import Address
from tests.protocol.make_vectors import word
from tests.verifier.strangers import HOLDERS, OPERATOR, PROVIDER, REQUESTER, Work
from verifier.chain_view import Batch
from verifier.draws import AuditKey, my_audits

PARTIES = [PROVIDER, REQUESTER, OPERATOR]
REQUESTERS = {word("job"): REQUESTER}
holders = st.sampled_from(HOLDERS + PARTIES)
seat_lists = st.lists(st.builds(Seat, holders, st.integers(0, 12), st.integers(0, 14)), max_size=10)


def _batch(work: Work, seed: str | None = "seed") -> Batch:
    return Batch(1, OPERATOR, (work.lease,), 10, word(seed) if seed else None, 1000)


@given(seat_lists, st.integers(0, 1_000_000), st.text(max_size=4))
def test_each_audit_is_drawn_for_one_verifier(seats: list[Seat], rate_ppm: int, seed: str) -> None:
    work = Work(count=6, rate_ppm=rate_ppm)
    batch = _batch(work, "seed" + seed)
    assert batch.seed is not None
    by_holder = {me: my_audits(batch, seats, REQUESTERS, me) for me in HOLDERS + PARTIES}
    drawn = [key for keys in by_holder.values() for key in keys]
    assert len(set(drawn)) == len(drawn)
    assert not any(by_holder[party] for party in PARTIES)
    audited = audited_tasks(batch.seed, work.lease_id, work.lease.result.tasks, rate_ppm)
    assert {key.task for key in drawn} <= set(audited)
    for task in audited:
        draw = draw_verifier(batch.seed, work.lease_id, task, seats, 10, PARTIES)
        key = AuditKey(1, work.lease_id, task)
        assert (draw is not None) == (key in drawn)
        assert draw is None or key in by_holder[Address(draw.holder)]


def test_without_a_seed_nothing_is_drawn() -> None:
    seats = [Seat(HOLDERS[0], 1)]
    assert my_audits(_batch(Work(), None), seats, REQUESTERS, HOLDERS[0]) == ()


def test_the_only_seat_audits_everything() -> None:
    work = Work()
    mine = my_audits(_batch(work), [Seat(HOLDERS[0], 1)], REQUESTERS, HOLDERS[0])
    assert [key.task for key in mine] == list(work.lease.result.tasks)
