// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Which tasks are audited and by whom: draws that anyone can repeat from a public seed.
/// Mirrors protocol/sampling.py.
library Sampling {
    bytes32 internal constant TASK_TAG = keccak256("fallow.draw.task");
    bytes32 internal constant SEAT_TAG = keccak256("fallow.draw.seat");
    bytes32 internal constant COMMITTEE_TAG = keccak256("fallow.draw.committee");
    /// @dev Attempts a round of audits has, and a committee.
    uint256 internal constant MAX_DRAWS = 64;
    uint256 internal constant PPM = 1_000_000;
    /// @dev At least this share of audited tasks is audited a second time, by another verifier.
    uint256 internal constant REAUDIT_PPM = 100_000;

    /// @notice How often a task is audited: 0, 1 or 2 times. `auditRatePpm` is the expected number.
    function auditRounds(bytes32 seed, bytes32 leaseId, uint32 task, uint256 auditRatePpm)
        internal
        pure
        returns (uint256)
    {
        if (_draw(TASK_TAG, seed, leaseId, task, 0) % PPM >= auditRatePpm) return 0;
        uint256 again = auditRatePpm > PPM ? auditRatePpm - PPM : 0;
        if (again < REAUDIT_PPM) again = REAUDIT_PPM;
        return _draw(TASK_TAG, seed, leaseId, task, 1) % PPM < again ? 2 : 1;
    }

    /// @notice The seat that an attempt draws to audit `task`. `seatCount` must not be 0.
    function seatFor(bytes32 seed, bytes32 leaseId, uint32 task, uint256 attempt, uint32 seatCount)
        internal
        pure
        returns (uint32)
    {
        return uint32(_draw(SEAT_TAG, seed, leaseId, task, attempt) % seatCount);
    }

    /// @notice The seat that an attempt draws for a committee. `seatCount` must not be 0.
    function committeeSeat(bytes32 seed, uint256 disputeId, uint256 attempt, uint32 seatCount)
        internal
        pure
        returns (uint32)
    {
        return
            uint32(
                uint256(keccak256(abi.encode(COMMITTEE_TAG, seed, disputeId, attempt))) % seatCount
            );
    }

    /// @notice Whether a seat's holder could be drawn for something committed in `blockNumber`.
    function isHeldAt(uint48 takenBlock, uint48 vacatedBlock, uint256 blockNumber)
        internal
        pure
        returns (bool)
    {
        return takenBlock < blockNumber && (vacatedBlock == 0 || vacatedBlock > blockNumber);
    }

    function _draw(bytes32 tag, bytes32 seed, bytes32 leaseId, uint32 task, uint256 attempt)
        private
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode(tag, seed, leaseId, task, attempt)));
    }
}
