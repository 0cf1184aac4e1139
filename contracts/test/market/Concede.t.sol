// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract ConcedeTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        vm.prank(provider);
        market.stake(200 ether);
    }

    function _contested(uint32 first) internal returns (uint256 batchId, uint256 disputeId) {
        CommittedLease[] memory leases;
        (batchId, leases) = _commitOne(_lease(jobId, first, 4));
        disputeId = _dispute(batchId, leases, 0, first);
    }

    function _concede(address sender, uint256 disputeId) internal {
        vm.prank(sender);
        market.concede(disputeId);
    }

    function test_TheFirstTimeCostsThePayAndAnAuditFee() external {
        (uint256 batchId, uint256 disputeId) = _contested(0);
        bytes32 leaseId = market.dispute(disputeId).leaseId;
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeConceded(disputeId);
        vm.expectEmit(address(market));
        emit IMarketEvents.LeaseReleased(batchId, leaseId, jobId);
        _concede(device, disputeId);
        vm.assertEq(_stakeOf(provider), 198.8 ether);
        vm.assertEq(_balance(challenger), FUNDS + 1.2 ether);
        IMarket.JobState memory state = market.job(jobId);
        vm.assertEq(state.committedTasks, 0);
        vm.assertEq(state.openLeases, 0);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertFalse(market.isTaskCommitted(jobId, 0));
        vm.assertEq(market.account(provider).unvestedWei, 0);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    function test_ItsTasksCanBeCommittedAgain() external {
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        _forward(1);
        _commitOne(_lease(jobId, 0, 4));
    }

    function test_TheSecondTimeIsSlashed() external {
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        (, disputeId) = _contested(4);
        uint256 before = _balance(requester);
        _concede(provider, disputeId);
        vm.assertEq(_stakeOf(provider), 138.8 ether);
        vm.assertEq(_balance(requester), before + 24 ether);
        vm.assertEq(_balance(challenger), FUNDS + 1.2 ether + 18 ether);
        vm.assertEq(market.burntWei(), 18 ether); // nobody judged: the committee's part burns too
        vm.assertEq(market.account(provider).strikes, 2);
    }

    function test_PaysWhatStakeThereIs() external {
        vm.startPrank(provider);
        market.requestUnstake(199.5 ether);
        vm.stopPrank();
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(market.account(provider).unstakingWei, 198.8 ether);
    }

    function test_RevertWhen_SomebodyElseConcedes() external {
        (, uint256 disputeId) = _contested(0);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheProvider.selector, provider, challenger));
        _concede(challenger, disputeId);
    }

    function test_RevertWhen_TheWindowIsOver() external {
        (, uint256 disputeId) = _contested(0);
        uint256 endsAt = _now() + 10;
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.ConcedePeriodOver.selector, disputeId, endsAt));
        _concede(provider, disputeId);
    }

    function test_RevertWhen_ConcededBefore() external {
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        _expect(abi.encodeWithSelector(IMarketErrors.DisputeNotOpen.selector, disputeId));
        _concede(provider, disputeId);
    }

    function test_RevertWhen_AnotherDisputeFinishedTheLease() external {
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(_lease(jobId, 0, 4));
        uint256 first = _dispute(batchId, leases, 0, 0);
        uint256 second = _dispute(batchId, leases, 0, 1);
        _concede(provider, first);
        _expect(abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, 0));
        _concede(provider, second);
        vm.assertTrue(market.isMoot(second));
        arbiter.resolve(second);
        vm.assertEq(_balance(challenger), FUNDS + 1.2 ether);
        vm.assertEq(market.batch(batchId).disputedBitmap, 0);
    }
}
