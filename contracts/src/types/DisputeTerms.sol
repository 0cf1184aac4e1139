// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The terms that only disputes read, and that a governor may change; as in `Params`. A dispute
/// keeps those that it was opened under.
struct DisputeTerms {
    uint96 disputeBondWei;
    uint32 slashMultiple;
    uint32 concedeMultiple;
    uint8 committeeSize;
}
