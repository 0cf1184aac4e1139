// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "../libraries/Merkle.sol";

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

/// @notice A leaf of a batch: a lease result and the audit rate that the chain fixed for it.
struct CommittedLease {
    LeaseResult result;
    uint32 auditRatePpm;
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

/// @notice The leaf of a `CommittedLease` under its batch's root. Mirrors protocol/lease.py.
library CommittedLeaseHash {
    function leaf(CommittedLease memory lease) internal pure returns (bytes32) {
        return leafOf(LeaseResultHash.hash(lease.result), lease.auditRatePpm);
    }

    function leafOf(bytes32 structHash, uint32 auditRatePpm) internal pure returns (bytes32) {
        return Merkle.leafHash(abi.encode(structHash, auditRatePpm));
    }
}
