// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LeaseTerms} from "./LeaseTerms.sol";

/// @notice A job that a batch has leases of.
struct JobRef {
    bytes32 jobId;
    address requester;
    uint32 taskCount;
}

/// @notice A provider with leases in a batch, and the stake that stood behind it at the commitment.
struct Party {
    address wallet;
    uint96 stakeWei;
}

/// @notice A lease result in a batch, without what it shares with others.
struct LeaseLine {
    bytes32 leaseId;
    bytes32 resultRoot;
    LeaseTerms terms;
}

/// @notice A device's or wallet's ECDSA signature in two words (EIP-2098).
struct Signature {
    bytes32 r;
    bytes32 vs;
}

/// @notice Many lease results, committed under one hash. Whoever does something about a batch brings
/// it along; `BatchCommitted` has published it.
struct Batch {
    address operator;
    JobRef[] jobs;
    Party[] providers;
    LeaseLine[] lines;
}

/// @notice What changes of a batch, and when it was committed, in one word. A batch that is finished
/// leaves none.
struct BatchState {
    uint40 commitBlock;
    uint40 committedAt;
    /// @dev Verifier seats that existed at the commitment.
    uint24 seatCount;
    uint8 lineCount;
    /// @dev Bit i: lease i is settled or released.
    uint64 finishedBits;
    /// @dev Bit i: at least one dispute on lease i is open.
    uint64 disputedBits;
}

/// @notice The id of a batch. Mirrors protocol/batch.py.
library BatchId {
    function idOf(Batch memory batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(batch));
    }
}
