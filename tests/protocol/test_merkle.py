"""Proofs verify, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import merkle
from protocol.errors import InvalidInput
from protocol.units import Bytes32
from tests.protocol.strategies import bytes32s

trees = st.lists(bytes32s, min_size=1, max_size=40, unique=True)


@st.composite
def places(draw: st.DrawFn) -> tuple[list[Bytes32], int]:
    """A tree and an index in it."""
    leaves = draw(trees)
    return leaves, draw(st.integers(0, len(leaves) - 1))


@given(trees)
def test_every_proof_verifies(leaves: list[Bytes32]) -> None:
    top = merkle.root(leaves)
    for index, leaf in enumerate(leaves):
        path = merkle.proof(leaves, index)
        assert merkle.verify(leaf, index, len(leaves), path, top)


@given(places(), st.integers(-2, 50))
def test_another_index_fails(place: tuple[list[Bytes32], int], other: int) -> None:
    leaves, index = place
    path, top = merkle.proof(leaves, index), merkle.root(leaves)
    holds = merkle.verify(leaves[index], other, len(leaves), path, top)
    assert holds == (other == index)


@given(places(), bytes32s)
def test_another_leaf_fails(place: tuple[list[Bytes32], int], other: Bytes32) -> None:
    leaves, index = place
    path, top = merkle.proof(leaves, index), merkle.root(leaves)
    holds = merkle.verify(other, index, len(leaves), path, top)
    assert holds == (other == leaves[index])


@given(places(), st.data())
def test_a_changed_path_fails(place: tuple[list[Bytes32], int], data: st.DataObject) -> None:
    leaves, index = place
    path, top = merkle.proof(leaves, index), merkle.root(leaves)
    longer = (*path, data.draw(bytes32s))
    assert not merkle.verify(leaves[index], index, len(leaves), longer, top)
    if path:
        assert not merkle.verify(leaves[index], index, len(leaves), path[:-1], top)
        step = data.draw(st.integers(0, len(path) - 1))
        bit = data.draw(st.integers(0, 255))
        wrong = Bytes32((int.from_bytes(path[step], "big") ^ 1 << bit).to_bytes(32, "big"))
        changed = (*path[:step], wrong, *path[step + 1 :])
        assert not merkle.verify(leaves[index], index, len(leaves), changed, top)


@given(trees)
def test_a_node_does_not_pass_as_a_leaf(leaves: list[Bytes32]) -> None:
    """A tree over one level's nodes has the same root as the tree below, but needs its own size."""
    if len(leaves) < 2:
        return
    node = merkle.node_hash(leaves[0], leaves[1])
    path = merkle.proof(leaves, 0)
    top = merkle.root(leaves)
    assert not merkle.verify(node, 0, len(leaves), path[1:], top)
    assert merkle.leaf_hash(leaves[0] + leaves[1]) != node


@given(trees, st.data())
def test_order_and_number_of_leaves_matter(leaves: list[Bytes32], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(leaves))
    assert (merkle.root(shuffled) == merkle.root(leaves)) == (shuffled == leaves)
    assert merkle.root([*leaves, leaves[-1]]) != merkle.root(leaves)


def test_a_single_leaf_is_its_own_root() -> None:
    leaf = merkle.leaf_hash(b"only")
    assert merkle.root([leaf]) == leaf
    assert merkle.proof([leaf], 0) == ()


@pytest.mark.parametrize("index", [-1, 3])
def test_no_proof_outside_the_leaves(index: int) -> None:
    with pytest.raises(InvalidInput):
        merkle.proof([merkle.leaf_hash(b"%d" % i) for i in range(3)], index)


def test_no_root_without_leaves() -> None:
    with pytest.raises(InvalidInput):
        merkle.root([])
