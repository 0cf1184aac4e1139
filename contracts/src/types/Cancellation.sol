// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A requester's wish that no further task of a job is leased.
struct Cancellation {
    bytes32 jobId;
}

/// @notice The EIP-712 hash of a `Cancellation`. Mirrors protocol/job.py.
library CancellationHash {
    bytes32 internal constant TYPEHASH = keccak256("Cancellation(bytes32 jobId)");

    function hash(Cancellation memory cancellation) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, cancellation));
    }
}
