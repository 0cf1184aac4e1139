// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Where public randomness comes from. A port, so that a better source can replace it.
interface IBeacon {
    /// @notice The randomness of a block that has been mined.
    /// @return value Zero when it is not available: not yet, or no longer.
    function valueAt(uint256 blockNumber) external view returns (bytes32 value);
}
