// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CommittedLease} from "./LeaseResult.sol";

/// @notice The digest that a drawn verifier reveals.
struct AuditResult {
    uint256 batchId;
    bytes32 leaseId;
    uint32 task;
    bytes32 taskDigest;
    bytes32 salt;
}

/// @notice All that `payAudits` needs to pay one audit.
struct AuditClaim {
    CommittedLease lease;
    /// @dev Where the lease stands in its batch, and its path to the batch's root.
    uint16 index;
    bytes32[] proof;
    uint32 task;
    address verifier;
    /// @dev The attempt of the draw that drew the verifier; earlier ones must have drawn nobody.
    uint32 attempt;
    bytes32 taskDigest;
    bytes32 salt;
    bytes signature;
}

/// @notice The EIP-712 hash of an `AuditResult`. Mirrors protocol/audit.py.
library AuditResultHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "AuditResult(uint256 batchId,bytes32 leaseId,uint32 task,bytes32 taskDigest,bytes32 salt)"
    );

    function hash(AuditResult memory result) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, result));
    }
}
