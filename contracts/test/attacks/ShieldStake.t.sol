// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Job} from "../../src/types/Job.sol";
import {CommittedLease, LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A cheater sees from the seed that a wrong task of its will be audited, and tries to get rid
/// of that lease before anybody contests it: it loses a worthless dispute on purpose.
contract ShieldStakeTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal washJobId;
    uint256 internal batchId;
    CommittedLease[] internal leases;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(60 ether);
        jobId = _openDefault();
        Job memory wash = _job();
        wash.maxPricePerTask = 1;
        wash.nonce = 2;
        washJobId = _open(wash);
        (uint256 id, CommittedLease[] memory wrong) = _commitOne(_leaseWithFault(jobId, 0, 4, 1));
        batchId = id;
        leases.push(wrong[0]);
        _fixSeed(batchId);
    }

    /// @dev Concede the worth of 60 wei to a friend, in one transaction.
    function _loseCheaply(uint32 task) internal {
        LeaseResult memory lease = _lease(washJobId, task, 1);
        lease.amount = 1;
        (uint256 washId, CommittedLease[] memory wash) = _commitOne(lease);
        uint256 disputeId = _dispute(washId, wash, 0, task);
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
        uint256 endsAt = market.batch(batchId).windowEndsAt;
        _expect(abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, endsAt));
        market.settleBatch(batchId, leases);

        uint256 disputeId = _dispute(batchId, leases, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, leases[0].result, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertEq(_stakeOf(provider), 0);
    }

    function test_WhatNobodyContestsIsForfeitedAllTheSame() external {
        _loseCheaplyTwice();
        _passWindow(batchId);
        market.settleBatch(batchId, leases);
        IMarket.JobState memory state = market.job(jobId);
        vm.assertEq(state.settledTasks, 0);
        vm.assertEq(state.openLeases, 0);
        vm.assertEq(state.escrowWei, 20 ether);
    }
}
