// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Who decides disputes. An arbiter finds its disputes in Market (`IMarket.dispute`) and
/// must end every open one, sooner or later, by calling `IMarket.rule` once.
interface IArbiter {
    /// @notice End a dispute that can be ended. Callable by anyone.
    function resolve(uint256 disputeId) external;
}
