// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a requester signs: a spec, a price cap, a deadline and a number of tasks.
struct Job {
    address requester;
    /// @dev The only account that may commit batches for the job.
    address operator;
    address token;
    bytes32 specHash;
    uint32 taskCount;
    uint96 maxPricePerTask;
    uint96 auditBudget;
    /// @dev Paid to whoever sends `openJob`.
    uint96 relayerFee;
    uint40 notBefore;
    uint40 deadline;
    uint256 nonce;
}

/// @notice The EIP-712 hash of a `Job`. Mirrors protocol/job.py.
library JobHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Job(address requester,address operator,address token,bytes32 specHash,uint32 taskCount,uint96 maxPricePerTask,uint96 auditBudget,uint96 relayerFee,uint40 notBefore,uint40 deadline,uint256 nonce)"
    );
    uint32 internal constant MAX_TASKS = 1_000_000;

    function hash(Job memory job) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, job));
    }

    /// @notice As `hash`, without unpacking the job: it lies in calldata as it is encoded. Bits that do
    /// not belong to a field would make it another job's hash.
    function hashOf(Job calldata job) internal pure returns (bytes32 structHash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typehash)
            calldatacopy(add(words, 32), job, 352)
            structHash := keccak256(words, 384)
        }
    }
}
