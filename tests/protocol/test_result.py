"""Outcomes and the salted tree over them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.audit import commitment
from protocol.errors import InvalidInput
from protocol.result import (
    FAILURE_CODES,
    Opening,
    Outcome,
    open_task,
    result_leaf,
    result_root,
    task_salt,
)
from protocol.units import Address, Bytes32
from tests.protocol.make_vectors import word
from tests.protocol.strategies import addresses, bytes32s, uints

outcomes = st.builds(Outcome, st.binary(max_size=40)) | st.builds(
    Outcome, st.just(b""), st.sampled_from(sorted(FAILURE_CODES))
)
LEASE, SALT = word("lease"), word("lease salt")


@given(outcomes, outcomes)
def test_different_outcomes_have_different_digests(one: Outcome, other: Outcome) -> None:
    assert (one.digest == other.digest) == (one == other)


@pytest.mark.parametrize("code", sorted(FAILURE_CODES))
def test_an_output_never_looks_like_a_failure(code: str) -> None:
    outputs = [code.encode(), b"\x01" + code.encode(), b"\x00" + code.encode()]
    assert Outcome(failure=code).digest not in {Outcome(output).digest for output in outputs}


@pytest.mark.parametrize(("output", "failure"), [(b"x", "trap"), (b"", "tired"), (b"", "")])
def test_what_is_no_outcome(output: bytes, failure: str) -> None:
    with pytest.raises(InvalidInput):
        Outcome(output, failure)


@given(st.lists(bytes32s, min_size=1, max_size=12), st.integers(0, 1000), st.data())
def test_openings_open_their_task_and_no_other(
    digests: list[Bytes32], first_task: int, data: st.DataObject
) -> None:
    count = len(digests)
    top = result_root(LEASE, first_task, digests, SALT)
    task = data.draw(st.integers(first_task, first_task + count - 1))
    opening = open_task(LEASE, first_task, digests, SALT, task)
    assert opening.matches(LEASE, first_task, count, task, top)
    assert opening.digest == digests[task - first_task]
    other = data.draw(st.integers(0, first_task + count + 3).filter(lambda t: t != task))
    assert not opening.matches(LEASE, first_task, count, other, top)
    assert not opening.matches(word("other lease"), first_task, count, task, top)
    assert not opening.matches(LEASE, first_task, count, task, word("other root"))
    lie = Opening(word("lie"), opening.salt, opening.proof)
    assert not lie.matches(LEASE, first_task, count, task, top)


@pytest.mark.parametrize("task", [7, 12])
def test_a_lease_opens_its_own_tasks_only(task: int) -> None:
    digests = [word(str(i)) for i in range(4)]
    with pytest.raises(InvalidInput):
        open_task(LEASE, 8, digests, SALT, task)


@given(bytes32s, uints(32), uints(32))
def test_every_task_has_its_own_salt(lease_salt: Bytes32, one: int, other: int) -> None:
    assert (task_salt(lease_salt, one) == task_salt(lease_salt, other)) == (one == other)


@given(bytes32s, uints(32), bytes32s, bytes32s)
def test_equal_results_do_not_show(lease_id: Bytes32, task: int, a: Bytes32, b: Bytes32) -> None:
    digest = word("digest")
    leaves = (result_leaf(lease_id, task, digest, a), result_leaf(lease_id, task, digest, b))
    assert (leaves[0] == leaves[1]) == (a == b)


@given(addresses, addresses)
def test_a_commitment_cannot_be_copied(one: Address, other: Address) -> None:
    mine, theirs = (commitment(who, word("digest"), word("salt")) for who in (one, other))
    assert (mine == theirs) == (one == other)
