// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What changes of a job, as views tell it. What does not change is in the signed `Job`, whose
/// hash is the job's id: whoever needs it brings it along.
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

/// @notice Where a job stands: derived from its facts and the time, never stored. Mirrors
/// protocol/lifecycle.py.
enum JobStatus {
    Unknown,
    Open,
    Running,
    Settled,
    Cancelled,
    Expired
}

/// @notice A `JobState` as it is stored, in one word: its fields from the lowest bit.
type JobWord is uint256;

using JobWords for JobWord global;

/// @notice Reads a job's word and makes the next one. Facts only ever come true.
library JobWords {
    uint256 internal constant OPENED = 1;
    uint256 internal constant CANCELLED = 2;
    uint256 internal constant CLOSED = 4;
    /// @dev A lease was released once: its result must never count again.
    uint256 internal constant RELEASED = 8;

    uint256 private constant _WEI_MASK = type(uint88).max;
    uint256 private constant _TASKS_MASK = type(uint24).max;
    uint256 private constant _AUDITS = 88;
    uint256 private constant _FRONTIER = 176;
    uint256 private constant _COMMITTED = 200;
    uint256 private constant _SETTLED = 224;
    uint256 private constant _FLAGS = 248;

    error EscrowSpent(uint256 wantedWei, uint256 leftWei);

    /// @dev Both amounts fit 88 bits.
    function opened(uint256 escrowWei_, uint256 auditEscrowWei_) internal pure returns (JobWord) {
        return JobWord.wrap(escrowWei_ | auditEscrowWei_ << _AUDITS | OPENED << _FLAGS);
    }

    function escrowWei(JobWord word) internal pure returns (uint256) {
        return JobWord.unwrap(word) & _WEI_MASK;
    }

    function auditEscrowWei(JobWord word) internal pure returns (uint256) {
        return JobWord.unwrap(word) >> _AUDITS & _WEI_MASK;
    }

    function frontier(JobWord word) internal pure returns (uint256) {
        return JobWord.unwrap(word) >> _FRONTIER & _TASKS_MASK;
    }

    function committedTasks(JobWord word) internal pure returns (uint256) {
        return JobWord.unwrap(word) >> _COMMITTED & _TASKS_MASK;
    }

    function settledTasks(JobWord word) internal pure returns (uint256) {
        return JobWord.unwrap(word) >> _SETTLED & _TASKS_MASK;
    }

    function has(JobWord word, uint256 flag) internal pure returns (bool) {
        return JobWord.unwrap(word) >> _FLAGS & flag != 0;
    }

    function isNew(JobWord word) internal pure returns (bool) {
        return JobWord.unwrap(word) == 0;
    }

    function flagged(JobWord word, uint256 flag) internal pure returns (JobWord) {
        return JobWord.wrap(JobWord.unwrap(word) | flag << _FLAGS);
    }

    /// @dev `count` more tasks are committed; no task from `end` on ever was. Counts stay within
    /// `JobHash.MAX_TASKS`, since no task counts twice.
    function committed(JobWord word, uint256 end, uint256 count) internal pure returns (JobWord) {
        uint256 before = frontier(word);
        unchecked {
            uint256 moved = end > before ? end - before : 0;
            return JobWord.wrap(JobWord.unwrap(word) + (moved << _FRONTIER) + (count << _COMMITTED));
        }
    }

    /// @dev `count` committed tasks are free again.
    function freed(JobWord word, uint256 count) internal pure returns (JobWord) {
        uint256 less = JobWord.unwrap(word) - (count << _COMMITTED);
        return flagged(JobWord.wrap(less), RELEASED);
    }

    /// @dev `count` committed tasks are paid with `amountWei` of the escrow.
    function settled(JobWord word, uint256 count, uint256 amountWei)
        internal
        pure
        returns (JobWord)
    {
        if (amountWei > escrowWei(word)) {
            revert EscrowSpent(amountWei, escrowWei(word));
        }
        unchecked {
            return JobWord.wrap(JobWord.unwrap(word) + (count << _SETTLED) - amountWei);
        }
    }

    /// @dev `feeWei` for one audit, whoever gets it in the end.
    function withoutFee(JobWord word, uint256 feeWei) internal pure returns (JobWord) {
        if (feeWei > auditEscrowWei(word)) revert EscrowSpent(feeWei, auditEscrowWei(word));
        return JobWord.wrap(JobWord.unwrap(word) - (feeWei << _AUDITS));
    }

    /// @dev Nothing is left in escrow.
    function closed(JobWord word) internal pure returns (JobWord) {
        uint256 emptied = JobWord.unwrap(word) >> _FRONTIER << _FRONTIER;
        return flagged(JobWord.wrap(emptied), CLOSED);
    }

    function unpack(JobWord word) internal pure returns (JobState memory) {
        return JobState(
            uint88(escrowWei(word)),
            uint88(auditEscrowWei(word)),
            uint24(frontier(word)),
            uint24(committedTasks(word)),
            uint24(settledTasks(word)),
            uint8(JobWord.unwrap(word) >> _FLAGS)
        );
    }
}
