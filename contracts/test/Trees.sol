// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "../src/libraries/Merkle.sol";

/// @notice Roots and proofs, built level by level.
library Trees {
    /// @dev `Merkle.root` overwrites what it is given.
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            level[i] = leaves[i];
        }
        return Merkle.root(level);
    }

    /// @notice The siblings that lead from leaf `index` to the root, lowest first.
    function proof(bytes32[] memory leaves, uint256 index)
        internal
        pure
        returns (bytes32[] memory path)
    {
        path = new bytes32[](32);
        uint256 used;
        bytes32[] memory level = leaves;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) path[used++] = level[sibling];
            level = _above(level);
            index /= 2;
        }
        assembly ("memory-safe") {
            mstore(path, used)
        }
    }

    function _above(bytes32[] memory level) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i; i < above.length; ++i) {
            bool isOdd = 2 * i + 1 == level.length;
            above[i] = isOdd ? level[2 * i] : Merkle.nodeHash(level[2 * i], level[2 * i + 1]);
        }
    }
}
