// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a market is deployed with; immutable for its life, but what `DisputeTerms` names.
struct Params {
    /// @dev Stake behind one verifier seat.
    uint96 seatStakeWei;
    /// @dev What a challenger puts down for one dispute, at least.
    uint96 disputeBondWei;
    /// @dev A newcomer's pay becomes stake until its stake reaches this.
    uint96 minimumStakeWei;
    /// @dev Blocks between a commitment and the block whose hash is its seed.
    uint32 seedDelayBlocks;
    /// @dev How long after its commitment a batch can be disputed; then it is settled. Its seed comes
    /// within this time, so that what is drawn can still be audited.
    uint40 disputeWindowSeconds;
    uint40 concedeSeconds;
    uint40 commitSeconds;
    uint40 revealSeconds;
    uint40 openSeconds;
    /// @dev How long after a deadline or a cancellation finished leases can still be committed.
    uint40 commitGraceSeconds;
    uint40 unstakeDelaySeconds;
    /// @dev A lost dispute costs this many times the task's price, at most the whole stake.
    uint32 slashMultiple;
    /// @dev So does a first conceded one; less than losing, more than cheating could have earned.
    uint32 concedeMultiple;
    uint8 committeeSize;
}
