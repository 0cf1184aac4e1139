// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice An account's money inside Market. None of it counts twice. The first word is all that the
/// everyday path reads and writes.
struct Account {
    /// @dev Free: may be withdrawn, staked, or spent on jobs, seats and bonds.
    uint96 balanceWei;
    /// @dev Behind the account's work; without `unstakingWei`.
    uint96 stakeWei;
    /// @dev The block of its last slash: what it had committed by then is forfeited.
    uint32 forfeitBlock;
    /// @dev Disputes about its work that are open: they hold its pay back, for a while. Too many to be
    /// had for any money: whoever filled the counter with disputes of its own could not be contested.
    uint24 openDisputes;
    /// @dev The nonces that count now start with this byte; see `cancelAll`.
    uint8 epoch;
    /// @dev Requested back; still slashed until it is paid out.
    uint96 unstakingWei;
    uint40 unstakeAt;
    /// @dev Conceded and lost disputes.
    uint32 strikes;
}
