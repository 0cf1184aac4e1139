// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice How a dispute ended.
enum Verdict {
    /// @dev No majority or nobody to ask: the bond goes back and nothing else happens.
    None,
    ProviderLost,
    ChallengerLost,
    /// @dev The lease costs what a first concession costs, and pays the majority for judging; nothing else.
    OutOfTolerance,
    /// @dev The committee was not given what it would have to run: the lease is not paid, and costs its
    /// provider nothing; the operator pays for it.
    Unavailable
}

enum DisputeStatus {
    Unknown,
    Open,
    Conceded,
    Resolved
}

/// @notice A contested task: the chain's facts of it.
struct Dispute {
    bytes32 batchId;
    bytes32 jobId;
    bytes32 leaseId;
    bytes32 resultRoot;
    /// @dev What the arbiter found the task's digest to be, or one of `TaskResult`'s words; zero if it
    /// found nothing.
    bytes32 ruledDigest;
    address challenger;
    uint40 openedAt;
    uint48 openedBlock;
    address provider;
    uint32 firstTask;
    uint32 count;
    uint32 task;
    address requester;
    /// @dev Seats that existed when the dispute was opened.
    uint32 seatCount;
    address operator;
    uint96 amount;
    uint96 bondWei;
    /// @dev The terms when it was opened: whatever is enacted later, it is judged by these.
    uint32 slashMultiple;
    uint32 concedeMultiple;
    uint8 committeeSize;
    uint8 line;
    DisputeStatus status;
    Verdict verdict;
}

/// @notice What an arbiter tells Market about a dispute.
struct Ruling {
    Verdict verdict;
    /// @dev The digest that the arbiter found to be right, or one of `TaskResult`'s words; zero if none.
    bytes32 digest;
    /// @dev Who decided, and shares the reward.
    address[] majority;
    /// @dev Every seat that was held for the dispute.
    uint32[] seatIds;
    /// @dev Bit i: `seatIds[i]` loses its stake.
    uint256 offenders;
    /// @dev Bit i: the holder of `seatIds[i]` did nothing, or was with the few and may have been honest;
    /// the seat is vacated, its stake returns.
    uint256 absentees;
}
