// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The digest that a drawn verifier reveals.
struct AuditResult {
    bytes32 batchId;
    bytes32 leaseId;
    uint32 task;
    bytes32 taskDigest;
    bytes32 salt;
}

/// @notice What a drawn verifier signs before it may see the provider's digest.
struct AuditCommitment {
    bytes32 batchId;
    bytes32 leaseId;
    uint32 task;
    bytes32 commitment;
}

/// @notice Two signed words of one verifier that do not go together.
struct Equivocation {
    uint8 line;
    uint32 task;
    uint8 round;
    bytes32 commitment;
    bytes commitmentSignature;
    bytes32 taskDigest;
    bytes32 salt;
    bytes resultSignature;
}

/// @notice What Market keeps of an audit that it has accepted.
struct AcceptedAudit {
    /// @dev The seat that was drawn for it.
    uint32 seatId;
    /// @dev 0 if no audit was accepted.
    uint48 acceptedBlock;
    /// @dev Set aside, until the lease is finished and the fee is paid.
    uint88 feeWei;
    /// @dev Found to be wrong, or not what had been committed to.
    bool isRefuted;
}

/// @notice Which of a batch's audits.
struct AuditRef {
    uint8 line;
    uint32 task;
    uint8 round;
}

/// @notice All that `acceptAudits` needs to accept one audit of a batch.
struct AuditClaim {
    /// @dev Where the lease stands in its batch.
    uint8 line;
    uint32 task;
    /// @dev The attempt of the draw that drew the verifier; earlier ones of its round must have drawn
    /// nobody. Attempts from `Sampling.MAX_DRAWS` on are the second round.
    uint32 attempt;
    address verifier;
    /// @dev What the verifier found, and its own salt.
    bytes32 taskDigest;
    bytes32 salt;
    bytes signature;
    /// @dev The provider's salt and path: the same digest stands under the lease's resultRoot.
    bytes32 leafSalt;
    bytes32[] proof;
}

/// @notice The EIP-712 hash of an `AuditResult`. Mirrors protocol/audit.py.
library AuditResultHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "AuditResult(bytes32 batchId,bytes32 leaseId,uint32 task,bytes32 taskDigest,bytes32 salt)"
    );

    function hash(AuditResult memory result) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, result));
    }
}

/// @notice The EIP-712 hash of an `AuditCommitment`. Mirrors protocol/audit.py.
library AuditCommitmentHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "AuditCommitment(bytes32 batchId,bytes32 leaseId,uint32 task,bytes32 commitment)"
    );

    function hash(AuditCommitment memory made) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, made));
    }
}
