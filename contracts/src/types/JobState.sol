// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What changes of a job, in one word. What does not change is in the signed `Job`, whose hash
/// is the job's id: whoever needs it brings it along.
struct JobState {
    /// @dev Left for tasks, and for audits.
    uint88 escrowWei;
    uint88 auditEscrowWei;
    /// @dev Tasks from here on were never committed; of those below, all but the holes are.
    uint24 frontier;
    uint24 committedTasks;
    uint24 settledTasks;
    uint8 flags;
}

/// @notice A job's flags. Facts only ever come true.
library JobFlags {
    uint8 internal constant OPENED = 1;
    uint8 internal constant CANCELLED = 2;
    uint8 internal constant CLOSED = 4;
    /// @dev A lease was released once: its result must never count again.
    uint8 internal constant RELEASED = 8;

    function has(JobState memory state, uint8 flag) internal pure returns (bool) {
        return state.flags & flag != 0;
    }
}
