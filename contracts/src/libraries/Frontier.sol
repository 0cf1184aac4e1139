// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {JobWord} from "../types/JobState.sol";
import {Bitmap} from "./Bitmap.sol";

/// @notice Which tasks of a job are committed: all below its frontier but the holes. Leases that come in
/// order only move the frontier, and cost no word of storage.
library Frontier {
    using Bitmap for Bitmap.Set;

    /// @dev A commitment further ahead would mark too many holes for one transaction.
    uint256 internal constant MAX_GAP = 65_536;
    uint256 internal constant NONE = type(uint256).max;

    /// @notice Commit [first, first + count).
    /// @return next The job's word afterwards.
    /// @return clash The first of them that is committed already, or all ones.
    function take(JobWord word, Bitmap.Set storage holes, uint256 first, uint256 count)
        internal
        returns (JobWord next, uint256 clash)
    {
        unchecked {
            uint256 end = first + count; // both have 32 bits
            uint256 frontier = word.frontier();
            if (first > frontier) {
                holes.addRange(frontier, first - frontier);
            } else if (first < frontier) {
                clash = holes.takeRange(first, (end < frontier ? end : frontier) - first);
                if (clash != NONE) return (word, clash);
            }
            return (word.committed(end, count), NONE);
        }
    }

    /// @notice Free [first, first + count), which are committed.
    function free(JobWord word, Bitmap.Set storage holes, uint256 first, uint256 count)
        internal
        returns (JobWord)
    {
        holes.addRange(first, count);
        return word.freed(count);
    }
}
