// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract SettleBatchTest is Fixture {
    bytes32 internal jobId;
    uint256 internal batchId;
    CommittedLease[] internal leases;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        CommittedLease[] memory committed;
        (batchId, committed) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 6)));
        for (uint256 i; i < committed.length; ++i) {
            leases.push(committed[i]);
        }
    }

    function _close() internal {
        _fixSeed(batchId);
        _passWindow(batchId);
    }

    function test_PaysEveryLease() external {
        _close();
        vm.expectEmit(address(market));
        emit IMarketEvents.LeaseSettled(batchId, leases[0].result.leaseId, provider, jobId, 4 ether);
        vm.prank(stranger);
        market.settleBatch(batchId, leases);
        IMarket.JobState memory state = market.job(jobId);
        vm.assertEq(state.settledTasks, 10);
        vm.assertEq(state.openLeases, 0);
        vm.assertEq(state.escrowWei, 10 ether);
        vm.assertEq(market.account(provider).unvestedWei, 0);
        vm.assertEq(market.batch(batchId).finishedBitmap, 3);
    }

    function test_PayFillsTheMinimumStakeFirst() external {
        vm.prank(provider);
        market.stake(35 ether);
        _close();
        market.settleBatch(batchId, leases);
        vm.assertEq(_stakeOf(provider), 40 ether);
        vm.assertEq(_balance(provider), FUNDS - 35 ether + 5 ether);
    }

    function test_RevertWhen_SettledTwice() external {
        _close();
        market.settleBatch(batchId, leases);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batchId, leases);
    }

    function test_RevertWhen_TheSeedIsNotFixed() external {
        vm.warp(_now() + 1 days);
        _expect(abi.encodeWithSelector(IMarketErrors.SeedNotFixed.selector, batchId));
        market.settleBatch(batchId, leases);
    }

    function test_RevertWhen_TheWindowIsOpen() external {
        _fixSeed(batchId);
        uint256 endsAt = _now() + 100;
        vm.warp(endsAt);
        _expect(abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, endsAt));
        market.settleBatch(batchId, leases);
    }

    function test_RevertWhen_TheLeasesAreChanged() external {
        _close();
        leases[0].result.amount += 1;
        _expect(abi.encodeWithSelector(IMarketErrors.WrongLeases.selector, batchId));
        market.settleBatch(batchId, leases);
        leases[0].result.amount -= 1;
        leases.pop();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongLeases.selector, batchId));
        market.settleBatch(batchId, leases);
    }

    function test_PaysNothingToAProviderInDispute() external {
        _fixSeed(batchId);
        uint256 disputeId = _dispute(batchId, leases, 1, 5);
        _passWindow(batchId);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batchId, leases);

        _forward(3);
        arbiter.drawCommittee(disputeId);
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
        market.settleBatch(batchId, leases);
        vm.assertEq(market.job(jobId).settledTasks, 10);
    }

    /// @dev The provider loses a dispute about another lease of its.
    function _slash() internal {
        (uint256 faulty, CommittedLease[] memory wrong) =
            _commitOne(_leaseWithFault(jobId, 10, 2, 11));
        uint256 disputeId = _dispute(faulty, wrong, 0, 11);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(11));
        _openClaim(disputeId, wrong[0].result, 11, 11);
        arbiter.resolve(disputeId);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    function test_ASlashedProviderForfeitsWhatIsUnvested() external {
        _slash();
        _close();
        for (uint256 i; i < leases.length; ++i) {
            vm.expectEmit(address(market));
            emit IMarketEvents.LeaseReleased(batchId, leases[i].result.leaseId, jobId);
        }
        uint256 before = _balance(provider);
        market.settleBatch(batchId, leases);
        IMarket.JobState memory state = market.job(jobId);
        vm.assertEq(state.committedTasks, 0);
        vm.assertEq(state.settledTasks, 0);
        vm.assertEq(state.openLeases, 0);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(market.account(provider).unvestedWei, 0);
        vm.assertEq(_balance(provider), before);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batchId, leases);
    }

    function test_WhatWasSettledBeforeTheSlashStaysPaid() external {
        _close();
        market.settleBatch(batchId, leases);
        _slash();
        vm.assertEq(market.job(jobId).settledTasks, 10);
    }

    function test_WorkAfterTheSlashIsPaid() external {
        _slash();
        _close();
        market.settleBatch(batchId, leases);
        _forward(1);
        (uint256 later, CommittedLease[] memory again) = _commitOne(_lease(jobId, 0, 4));
        _fixSeed(later);
        _passWindow(later);
        market.settleBatch(later, again);
        vm.assertEq(market.job(jobId).settledTasks, 4);
    }
}
