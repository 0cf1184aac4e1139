"""Batches: nothing of a lease is lost in its line, and the id is of everything."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from protocol.batch import Batch, JobRef, LeaseLine, Party, arrange, make_batch
from protocol.errors import InvalidInput
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.pricing import RATE_NUMERATOR_PPM, audit_rate_ppm
from protocol.units import Address, Bytes32
from tests.protocol.make_vectors import batches, jobs, word
from tests.protocol.strategies import addresses, bytes32s, uints

OPERATOR = Address("0x" + "0a" * 20)
WALLETS = [Address("0x" + f"{i:02x}" * 20) for i in range(0x10, 0x14)]
SIGNED = jobs()[0]
assert isinstance(SIGNED, Job)
JOBS: dict[Bytes32, Job] = {
    word(f"job {i}"): replace(SIGNED, requester=WALLETS[i], task_count=10 + i) for i in range(4)
}
STAKES = {wallet: 10**18 * i for i, wallet in enumerate(WALLETS)}
ORDINARY = batches()[0]

lines = st.builds(
    LeaseLine,
    lease_id=bytes32s,
    result_root=bytes32s,
    job=uints(8),
    provider=uints(8),
    first_task=uints(32),
    count=uints(16),
    amount=uints(96),
)
results = st.builds(
    LeaseResult,
    lease_id=bytes32s,
    job_id=st.sampled_from(list(JOBS)),
    provider=st.sampled_from(WALLETS),
    first_task=uints(32),
    count=st.integers(1, 2**16 - 1),
    amount=uints(96),
    result_root=bytes32s,
)
many_results = st.lists(results, min_size=1, max_size=64)


@given(lines)
def test_terms_keep_every_number(line: LeaseLine) -> None:
    assert line.terms < 2**160
    assert LeaseLine.unpack(line.lease_id, line.result_root, line.terms) == line


@given(bytes32s, addresses, uints(32), uints(96))
def test_words_keep_addresses_and_numbers(
    job_id: Bytes32, wallet: Address, tasks: int, stake_wei: int
) -> None:
    ref, party = JobRef(job_id, wallet, tasks), Party(wallet, stake_wei)
    assert ref.owner < 2**192
    assert JobRef.unpack(job_id, ref.owner) == ref
    assert party.word < 2**256
    assert Party.unpack(party.word) == party
    with pytest.raises(InvalidInput):
        JobRef.unpack(job_id, ref.owner | 1 << 192)


@given(lines, st.integers(160, 255))
def test_terms_with_bits_above_are_refused(line: LeaseLine, bit: int) -> None:
    with pytest.raises(InvalidInput):
        LeaseLine.unpack(line.lease_id, line.result_root, line.terms | 1 << bit)


@given(many_results)
def test_every_result_comes_back(work: list[LeaseResult]) -> None:
    batch = make_batch(OPERATOR, JOBS, work, STAKES)
    assert [batch.result(line) for line in range(len(work))] == work
    assert [lease.result for lease in batch.leases] == work
    for line, result in enumerate(work):
        rate = audit_rate_ppm(result.amount // result.count, STAKES[result.provider])
        assert batch.audit_rate_ppm(line) == batch.leases[line].audit_rate_ppm == rate
        assert batch.requester(line) == JOBS[result.job_id].requester


@given(many_results)
def test_what_leases_share_stands_once_and_in_order(work: list[LeaseResult]) -> None:
    batch = make_batch(OPERATOR, JOBS, work, STAKES)
    ids = [ref.job_id for ref in batch.jobs]
    assert ids == sorted({result.job_id for result in work})
    assert [ref.task_count for ref in batch.jobs] == [JOBS[i].task_count for i in ids]
    assert {party.wallet: party.stake_wei for party in batch.providers} == {
        result.provider: STAKES[result.provider] for result in work
    }
    assert len(batch.providers) == len({result.provider for result in work})


@given(many_results)
def test_a_batch_travels(work: list[LeaseResult]) -> None:
    batch = make_batch(OPERATOR, JOBS, work, STAKES)
    assert Batch.from_json(json.loads(json.dumps(batch.to_json()))) == batch
    assert Batch.from_values(batch.values()) == batch


def test_the_id_is_the_hash_of_its_abi_encoding() -> None:
    """Every word written out, as the contract's `abi.encode` lays a dynamic struct out."""
    line = LeaseLine(word("lease"), word("root"), 0, 0, 3, 2, 5)
    batch = Batch(
        WALLETS[0], (JobRef(word("job"), WALLETS[1], 9),), (Party(WALLETS[2], 7),), (line,)
    )
    terms = 3 << 16 | 2 << 48 | 5 << 64
    head = [0x20, int(WALLETS[0], 16), 0x80, 0xE0, 0x120]
    job = [1, word("job"), int(WALLETS[1], 16) | 9 << 160]
    party, tail = [1, int(WALLETS[2], 16) | 7 << 160], [1, word("lease"), word("root"), terms]
    words = [
        w if isinstance(w, bytes) else encode(["uint256"], [w]) for w in head + job + party + tail
    ]
    assert batch.batch_id() == keccak(b"".join(words))


_CHANGES: dict[str, dict[str, Any]] = {
    "operator": {"operator": WALLETS[3]},
    "a job's id": {"jobs": (ORDINARY.jobs[0], replace(ORDINARY.jobs[1], job_id=word("other")))},
    "a requester": {"jobs": (ORDINARY.jobs[0], replace(ORDINARY.jobs[1], requester=OPERATOR))},
    "a task count": {"jobs": (ORDINARY.jobs[0], replace(ORDINARY.jobs[1], task_count=1))},
    "a wallet": {"providers": (ORDINARY.providers[0], Party(OPERATOR, 0))},
    "a stake": {"providers": (replace(ORDINARY.providers[0], stake_wei=1), ORDINARY.providers[1])},
    "a line's place": {"lines": (ORDINARY.lines[1], ORDINARY.lines[0], ORDINARY.lines[2])},
    "a line less": {"lines": ORDINARY.lines[:2]},
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES.keys())
def test_the_id_is_of_everything(change: dict[str, Any]) -> None:
    assert replace(ORDINARY, **change).batch_id() != ORDINARY.batch_id()


@given(
    st.sampled_from(["lease_id", "result_root", "job", "provider", "first_task", "count", "amount"])
)
def test_the_id_is_of_every_lines_fields(name: str) -> None:
    line = ORDINARY.lines[0]
    old = getattr(line, name)
    new = word("another") if isinstance(old, bytes) else old ^ 1
    fields: dict[str, Any] = {name: new}
    changed = replace(ORDINARY, lines=(replace(line, **fields), *ORDINARY.lines[1:]))
    assert changed.batch_id() != ORDINARY.batch_id()


def test_a_provider_without_stake_is_audited_more_than_once_a_task() -> None:
    assert ORDINARY.providers[ORDINARY.lines[2].provider].stake_wei == 0
    assert ORDINARY.audit_rate_ppm(2) == RATE_NUMERATOR_PPM > 10**6
    assert ORDINARY.audit_rate_ppm(0) == audit_rate_ppm(10**17, 4 * 10**18)


@given(results, st.sampled_from([0, 65]))
def test_a_batch_has_one_to_64_leases(result: LeaseResult, count: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 64"):
        arrange([result] * count)


@given(results)
def test_numbers_without_room_are_refused(result: LeaseResult) -> None:
    with pytest.raises(InvalidInput, match="count"):
        arrange([replace(result, count=2**16)])
    with pytest.raises(InvalidInput, match="at least one task"):
        make_batch(OPERATOR, JOBS, [replace(result, count=0)], STAKES)


@given(results, addresses.filter(lambda wallet: wallet not in WALLETS))
def test_what_is_not_given_is_named(result: LeaseResult, stranger: Address) -> None:
    with pytest.raises(InvalidInput, match=result.job_id.hex()):
        make_batch(OPERATOR, {}, [result], STAKES)
    with pytest.raises(InvalidInput, match=stranger):
        make_batch(OPERATOR, JOBS, [replace(result, provider=stranger)], STAKES)


@pytest.mark.parametrize("name", ["job", "provider"])
def test_a_line_points_into_its_batch(name: str) -> None:
    line = replace(ORDINARY.lines[0], **{name: 2})  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="outside"):
        replace(ORDINARY, lines=(line,))


def _broken() -> list[Any]:
    whole = ORDINARY.to_json()
    line, party = whole["lines"][0], whole["providers"][0]
    return [
        None,
        [],
        {},
        {**whole, "more": 1},
        {**whole, "operator": "0x00"},
        {**whole, "jobs": None},
        {**whole, "jobs": [None]},
        {**whole, "jobs": {}},
        {**whole, "lines": [{**line, "job": 2}]},
        {**whole, "lines": [{**line, "count": 2**16}]},
        {**whole, "lines": [{**line, "amount": "-1"}]},
        {**whole, "lines": [{**line, "lease_id": "0x"}]},
        {**whole, "lines": [{k: v for k, v in line.items() if k != "count"}]},
        {**whole, "providers": [{**party, "stake_wei": 1.5}]},
        {**whole, "providers": [{**party, "stake_wei": str(2**96)}]},
    ]


@pytest.mark.parametrize("broken", _broken())
def test_other_json_is_refused(broken: Any) -> None:
    with pytest.raises(InvalidInput):
        Batch.from_json(broken)
