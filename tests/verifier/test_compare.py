"""What an opening is worth, and when one's own digest is sure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.units import Bytes32
from tests.protocol.make_vectors import word
from tests.verifier.strangers import Work
from verifier.compare import Judgement, judge, settled_digest

WORK = Work()
RESULT = WORK.lease


@pytest.mark.parametrize("task", list(RESULT.tasks))
def test_the_same_bytes_agree_and_others_differ(task: int) -> None:
    opening = WORK.opening(task)
    assert judge(opening.digest, opening, RESULT, task) is Judgement.AGREES
    assert judge(word("mine"), opening, RESULT, task) is Judgement.DIFFERS


def test_what_the_provider_did_not_sign_proves_nothing() -> None:
    task = RESULT.first_task
    opening = WORK.opening(task)
    forged = replace(opening, digest=word("mine"))
    assert judge(word("mine"), forged, RESULT, task) is Judgement.UNPROVEN
    assert judge(opening.digest, opening, RESULT, task + 1) is Judgement.UNPROVEN
    salted = replace(opening, salt=word("other"))
    assert judge(opening.digest, salted, RESULT, task) is Judgement.UNPROVEN


@given(st.lists(st.sampled_from([word("a"), word("b"), word("c")]), max_size=6))
def test_a_digest_counts_once_it_came_twice(digests: list[Bytes32]) -> None:
    settled = settled_digest(digests)
    if settled is None:
        assert len(set(digests)) == len(digests)
    else:
        assert digests.count(settled) == max(digests.count(digest) for digest in digests) >= 2
