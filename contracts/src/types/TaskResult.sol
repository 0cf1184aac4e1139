// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "../libraries/Merkle.sol";

/// @notice One task's leaf under a lease's resultRoot. Mirrors protocol/result.py.
library TaskResult {
    /// @dev What a committee's member votes for instead of a digest: the provider's result is further from
    /// its own than the job's comparator allows. No task has this digest.
    bytes32 internal constant OUT_OF_TOLERANCE = keccak256("fallow: out of tolerance");
    /// @dev The same, where the member was not given what it would have to run.
    bytes32 internal constant UNAVAILABLE = keccak256("fallow: unavailable");

    function leaf(bytes32 leaseId, uint32 task, bytes32 taskDigest, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return Merkle.leafHash(abi.encode(leaseId, task, taskDigest, salt));
    }

    /// @notice What binds a voter to a digest before it may see others'. Mirrors protocol/audit.py.
    function commitment(address voter, bytes32 taskDigest, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(voter, taskDigest, salt));
    }
}
