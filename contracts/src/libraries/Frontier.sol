// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {JobState} from "../types/JobState.sol";
import {Bitmap} from "./Bitmap.sol";

/// @notice Which tasks of a job are committed: all below its frontier but the holes. Leases that come in
/// order only move the frontier, and cost no word of storage.
library Frontier {
    using Bitmap for Bitmap.Set;

    /// @dev A commitment further ahead would mark too many holes for one transaction.
    uint256 internal constant MAX_GAP = 65_536;
    uint256 internal constant NONE = type(uint256).max;

    /// @notice Commit [first, first + count).
    /// @return clash The first of them that is committed already, or all ones.
    function take(
        JobState memory state,
        Bitmap.Set storage holes,
        uint256 first,
        uint256 count
    ) internal returns (uint256 clash) {
        uint256 end = first + count;
        uint256 frontier = state.frontier;
        if (first > frontier) holes.addRange(frontier, first - frontier);
        if (first < frontier) {
            clash = holes.takeRange(first, (end < frontier ? end : frontier) - first);
            if (clash != NONE) return clash;
        }
        if (end > frontier) state.frontier = uint24(end);
        state.committedTasks += uint24(count);
        return NONE;
    }

    /// @notice Free [first, first + count), which are committed.
    function free(
        JobState memory state,
        Bitmap.Set storage holes,
        uint256 first,
        uint256 count
    ) internal {
        holes.addRange(first, count);
        state.committedTasks -= uint24(count);
    }
}
