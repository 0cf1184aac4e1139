// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice One unit of verifier stake.
struct Seat {
    address holder;
    uint48 takenBlock;
    /// @dev 0 while the seat is held.
    uint48 vacatedBlock;
}
