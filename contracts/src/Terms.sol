// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITerms} from "./interfaces/ITerms.sol";
import {Params} from "./types/Params.sol";

/// @title Terms
/// @notice Parameters that were checked once and never change.
contract Terms is ITerms {
    /// @inheritdoc ITerms
    address public immutable guardian;

    Params private _params;

    constructor(Params memory params_, address guardian_) {
        _check(params_);
        _params = params_;
        guardian = guardian_;
    }

    /// @inheritdoc ITerms
    function params() external view returns (Params memory) {
        return _params;
    }

    /// @dev A seat must stay slashable for as long as a dispute that may draw it can last.
    function _check(Params memory p) private pure {
        if (p.seatStakeWei == 0 || p.disputeBondWei == 0) revert InvalidParams("stakes above 0");
        if (p.seedDelayBlocks == 0) revert InvalidParams("a seed comes from a later block");
        if (p.seedDelayBlocks > 256) revert InvalidParams("a seed is known for 256 blocks");
        if (p.disputeWindowSeconds == 0 || p.commitSeconds == 0) revert InvalidParams("no window");
        if (p.revealSeconds == 0 || p.openSeconds == 0) revert InvalidParams("no window");
        if (p.concedeMultiple == 0 || p.concedeMultiple > p.slashMultiple) {
            revert InvalidParams("conceding costs something, and no more than losing");
        }
        if (p.committeeSize == 0 || p.committeeSize > 31) {
            revert InvalidParams("committee of 1-31");
        }
        uint256 longest = uint256(p.disputeWindowSeconds) + p.concedeSeconds + p.commitSeconds
            + p.revealSeconds + p.openSeconds;
        // A quarter more: a committee is called and drawn in blocks, whose time nobody knows.
        if (p.unstakeDelaySeconds < longest + longest / 4) {
            revert InvalidParams("unstake delay under a dispute");
        }
        if (longest + p.commitGraceSeconds > 3650 days) revert InvalidParams("over ten years");
        if (p.unstakeDelaySeconds > 3650 days) revert InvalidParams("over ten years");
    }
}
