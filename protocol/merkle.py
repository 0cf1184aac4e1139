"""Merkle trees whose leaves can never be taken for nodes (RFC 6962's prefixes, keccak-256).

leaf = keccak(0x00 || data), node = keccak(0x01 || left || right). A level's odd last hash moves
up unchanged. The same tree lives in `contracts/src/libraries/Merkle.sol`.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils import keccak

from protocol.errors import InvalidInput
from protocol.units import Bytes32

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


def leaf_hash(data: bytes) -> Bytes32:
    """The hash of one leaf's data."""
    return Bytes32(keccak(LEAF_PREFIX + data))


def node_hash(left: Bytes32, right: Bytes32) -> Bytes32:
    """The hash of two children."""
    return Bytes32(keccak(NODE_PREFIX + left + right))


def root(leaves: Sequence[Bytes32]) -> Bytes32:
    """The root over leaf hashes in their order.

    Raises:
        InvalidInput: no leaves.
    """
    return _levels(leaves)[-1][0]


def proof(leaves: Sequence[Bytes32], index: int) -> tuple[Bytes32, ...]:
    """The siblings that lead from leaf `index` to the root, lowest first.

    Raises:
        InvalidInput: no leaves, or `index` outside them.
    """
    if not 0 <= index < len(leaves):
        raise InvalidInput(f"leaf {index} is not one of {len(leaves)}")
    path = []
    for level in _levels(leaves)[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        index //= 2
    return tuple(path)


def verify(
    leaf: Bytes32, index: int, leaf_count: int, path: Sequence[Bytes32], expected: Bytes32
) -> bool:
    """Whether `leaf` stands at `index` of the `leaf_count` leaves under the root `expected`."""
    if not 0 <= index < leaf_count:
        return False
    current, siblings = leaf, iter(path)
    while leaf_count > 1:
        if index % 2 == 1 or index + 1 < leaf_count:
            sibling = next(siblings, None)
            if sibling is None:
                return False
            pair = (sibling, current) if index % 2 else (current, sibling)
            current = node_hash(*pair)
        index //= 2
        leaf_count = (leaf_count + 1) // 2
    return next(siblings, None) is None and current == expected


def _levels(leaves: Sequence[Bytes32]) -> list[list[Bytes32]]:
    if not leaves:
        raise InvalidInput("a Merkle tree needs at least one leaf")
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(above + ([below[-1]] if len(below) % 2 else []))
    return levels
