// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice When a batch was committed, and what changes of it, as views tell it. A batch that is
/// finished leaves nothing.
struct BatchState {
    uint40 commitBlock;
    uint40 committedAt;
    uint8 lineCount;
    /// @dev Bit i: lease i is settled or released.
    uint64 finishedBits;
    /// @dev Bit i: at least one dispute on lease i is open.
    uint64 disputedBits;
}

/// @notice A `BatchState` as it is stored, in one word: its fields from the lowest bit.
type BatchWord is uint256;

using BatchWords for BatchWord global;

/// @notice Reads a batch's word and makes the next one.
library BatchWords {
    uint256 private constant _COMMITTED_AT = 40;
    uint256 private constant _LINES = 80;
    uint256 private constant _FINISHED = 88;
    uint256 private constant _DISPUTED = 152;

    function committed(uint256 commitBlock_, uint256 committedAt_, uint256 lineCount_)
        internal
        pure
        returns (BatchWord)
    {
        return BatchWord.wrap(commitBlock_ | committedAt_ << _COMMITTED_AT | lineCount_ << _LINES);
    }

    function isUnknown(BatchWord word) internal pure returns (bool) {
        return BatchWord.unwrap(word) == 0;
    }

    function commitBlock(BatchWord word) internal pure returns (uint256) {
        return uint40(BatchWord.unwrap(word));
    }

    function committedAt(BatchWord word) internal pure returns (uint256) {
        return uint40(BatchWord.unwrap(word) >> _COMMITTED_AT);
    }

    function lineCount(BatchWord word) internal pure returns (uint256) {
        return uint8(BatchWord.unwrap(word) >> _LINES);
    }

    function finishedBits(BatchWord word) internal pure returns (uint256) {
        return uint64(BatchWord.unwrap(word) >> _FINISHED);
    }

    function disputedBits(BatchWord word) internal pure returns (uint256) {
        return uint64(BatchWord.unwrap(word) >> _DISPUTED);
    }

    function isFinished(BatchWord word, uint256 line) internal pure returns (bool) {
        return finishedBits(word) >> line & 1 != 0;
    }

    /// @dev The lines that are neither finished nor in dispute.
    function pendingBits(BatchWord word) internal pure returns (uint256) {
        return allBits(word) & ~(finishedBits(word) | disputedBits(word));
    }

    function allBits(BatchWord word) internal pure returns (uint256) {
        unchecked {
            return (1 << lineCount(word)) - 1; // at most 64 lines
        }
    }

    function finished(BatchWord word, uint256 bits) internal pure returns (BatchWord) {
        return BatchWord.wrap(BatchWord.unwrap(word) | bits << _FINISHED);
    }

    function disputed(BatchWord word, uint256 line) internal pure returns (BatchWord) {
        return BatchWord.wrap(BatchWord.unwrap(word) | 1 << (_DISPUTED + line));
    }

    function undisputed(BatchWord word, uint256 line) internal pure returns (BatchWord) {
        return BatchWord.wrap(BatchWord.unwrap(word) & ~(1 << (_DISPUTED + line)));
    }

    function unpack(BatchWord word) internal pure returns (BatchState memory) {
        return BatchState(
            uint40(commitBlock(word)),
            uint40(committedAt(word)),
            uint8(lineCount(word)),
            uint64(finishedBits(word)),
            uint64(disputedBits(word))
        );
    }
}
