// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Merkle trees whose leaves can never be taken for nodes (RFC 6962's prefixes).
/// A level's odd last hash moves up unchanged. Mirrors protocol/merkle.py.
library Merkle {
    error NoLeaves();

    function leafHash(bytes memory data) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), data));
    }

    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @notice The root over leaf hashes in their order. Overwrites `level`.
    function root(bytes32[] memory level) internal pure returns (bytes32) {
        uint256 length = level.length;
        if (length == 0) revert NoLeaves();
        while (length > 1) {
            uint256 pairs = length / 2;
            for (uint256 i; i < pairs; ++i) {
                level[i] = nodeHash(level[2 * i], level[2 * i + 1]);
            }
            if (length % 2 == 1) level[pairs] = level[length - 1];
            length = pairs + length % 2;
        }
        return level[0];
    }

    /// @notice Whether `leaf` stands at `index` of the `leafCount` leaves under `expected`.
    function verify(
        bytes32 leaf,
        uint256 index,
        uint256 leafCount,
        bytes32[] memory path,
        bytes32 expected
    ) internal pure returns (bool) {
        if (index >= leafCount) return false;
        uint256 used;
        while (leafCount > 1) {
            if (index % 2 == 1 || index + 1 < leafCount) {
                if (used == path.length) return false;
                bytes32 sibling = path[used++];
                leaf = index % 2 == 1 ? nodeHash(sibling, leaf) : nodeHash(leaf, sibling);
            }
            index /= 2;
            leafCount = (leafCount + 1) / 2;
        }
        return used == path.length && leaf == expected;
    }
}
