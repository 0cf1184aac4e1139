// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A newcomer pays itself a fortune in a job of its own. While it is unvested it risks nothing by
/// it: a forfeited pay goes back to the job, that is to itself. So it must not buy fewer audits.
contract WashJobTest is Fixture {
    LeaseResult internal fortune;

    function setUp() public override {
        super.setUp();
        Job memory wash = _job();
        wash.taskCount = 1;
        wash.maxPricePerTask = 1000 ether;
        wash.nonce = 2;
        fortune = _lease(_open(wash), 0, 1);
        fortune.amount = 1000 ether;
    }

    function test_PayOutOfOnesOwnJobBuysNoTrust() external {
        LeaseResult memory honest = _lease(_openDefault(), 0, 20);
        (bytes32 batchId, Batch memory batch) = _commit(_inOrder(_two(fortune, honest)));
        _passSeed(batchId);
        _accept(batch, _claim(batchId, batch, 0, 0));
        for (uint32 task; task < 19; ++task) {
            _accept(batch, _claim(batchId, batch, 1, task));
        }
    }

    function test_WhatBecameStakeCanBeLost() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(fortune);
        _passWindow(batchId);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(provider), 40 ether);
        LeaseResult memory wrong = _leaseWithFault(_openDefault(), 0, 4, 1);
        (, batch) = _commitOne(wrong);
        uint256 disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertEq(_stakeOf(provider), 0);
    }
}
