// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {JobState} from "../../src/types/JobState.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A cheater sees from the seed that a wrong task of its will be audited, and tries to get rid
/// of that lease before anybody contests it: it loses a worthless dispute on purpose.
contract ShieldStakeTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal washJobId;
    bytes32 internal batchId;
    LeaseResult internal wrong;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(60 ether);
        jobId = _openDefault();
        Job memory wash = _job();
        wash.maxPricePerTask = 1;
        wash.nonce = 2;
        washJobId = _open(wash);
        wrong = _leaseWithFault(jobId, 0, 4, 1);
        (batchId,) = _commitOne(wrong);
        _fixSeed(batchId);
    }

    /// @dev Concede the worth of 50 or 60 wei to a friend, in one transaction.
    function _loseCheaply(uint32 task) internal {
        LeaseResult memory lease = _lease(washJobId, task, 1);
        lease.amount = 1;
        (, Batch memory wash) = _commitOne(lease);
        uint256 disputeId = _dispute(wash, 0, task);
        vm.prank(device);
        market.concede(disputeId);
    }

    function _loseCheaplyTwice() internal {
        _loseCheaply(0);
        _loseCheaply(1);
        vm.assertEq(market.account(provider).strikes, 2);
        vm.assertEq(market.account(provider).forfeitBlock, vm.getBlockNumber());
        vm.assertTrue(_stakeOf(provider) > 59.9 ether);
    }

    function test_AWorthlessSlashDoesNotFreeAWrongLease() external {
        _loseCheaplyTwice();
        uint256 endsAt = _windowEndsAt(batchId);
        Batch memory batch = _committed(batchId);
        _expect(abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, endsAt));
        market.settleBatch(batch);

        uint256 disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertEq(_stakeOf(provider), 0);
    }

    function test_WhatNobodyContestsIsForfeitedAllTheSame() external {
        _loseCheaplyTwice();
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.settledTasks, 0);
        vm.assertEq(state.committedTasks, 0);
        vm.assertEq(state.escrowWei, 20 ether);
    }
}
