// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A chain whose first block is still known: it must not pass for the block that was never named.
contract YoungChainTest is Fixture {
    function _startBlock() internal pure override returns (uint256) {
        return 1;
    }

    function test_NobodyIsDrawnFromTheFirstBlock() external {
        (, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        uint256 disputeId = _dispute(batch, 0, 1);
        _callCommittee(disputeId);
        vm.assertTrue(beacon.valueAt(0) != 0);
        ICommitteeArbiter.Committee memory called = arbiter.committee(disputeId);
        vm.assertTrue(!called.isDrawn);
        vm.assertTrue(called.seedBlock != 0);
        arbiter.drawCommittee(disputeId);
        vm.assertTrue(arbiter.committee(disputeId).isDrawn);
    }
}
