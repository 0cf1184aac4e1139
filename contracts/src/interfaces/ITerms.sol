// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Params} from "../types/Params.sol";

/// @notice What a market is deployed with. A contract of its own, so that Market has room for code.
interface ITerms {
    /// @notice These terms cannot be safe: `rule` says why.
    error InvalidParams(string rule);

    /// @notice The terms; they never change.
    function params() external view returns (Params memory);

    /// @notice Who may pause intake for a while, and nothing else; the zero address if nobody.
    function guardian() external view returns (address);
}
