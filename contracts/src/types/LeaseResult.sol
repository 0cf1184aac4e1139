// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a device signs when its lease is done.
struct LeaseResult {
    bytes32 leaseId;
    bytes32 jobId;
    address provider;
    uint32 firstTask;
    uint32 count;
    uint96 amount;
    bytes32 resultRoot;
}

/// @notice The EIP-712 hash of a `LeaseResult`. Mirrors protocol/lease.py.
library LeaseResultHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "LeaseResult(bytes32 leaseId,bytes32 jobId,address provider,uint32 firstTask,uint32 count,uint96 amount,bytes32 resultRoot)"
    );

    function hash(LeaseResult memory result) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, result));
    }

    /// @notice The price of one task of the lease, rounded down.
    function pricePerTask(LeaseResult memory result) internal pure returns (uint96) {
        return result.amount / result.count;
    }
}
