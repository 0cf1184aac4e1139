// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LeaseLine} from "./Batch.sol";
import {LeaseTerms} from "./LeaseTerms.sol";

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

    /// @notice As `hash`, from what a batch holds of the lease.
    function hashOf(LeaseLine calldata line, bytes32 jobId, address provider)
        internal
        pure
        returns (bytes32)
    {
        LeaseTerms terms = line.terms;
        return keccak256(
            abi.encode(
                TYPEHASH,
                line.leaseId,
                jobId,
                provider,
                terms.firstTask(),
                terms.count(),
                terms.amountWei(),
                line.resultRoot
            )
        );
    }

    /// @notice The price of one task of the lease, rounded down.
    function pricePerTask(LeaseResult memory result) internal pure returns (uint96) {
        return result.amount / result.count;
    }
}
