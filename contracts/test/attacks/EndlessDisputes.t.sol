// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Job} from "../../src/types/Job.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A provider and its friend keep one dispute after the other open about a job of their own,
/// so that an old lease is never paid, and its job never closed.
contract EndlessDisputesTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal ownJobId;
    uint256 internal batchId;
    CommittedLease[] internal leases;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        Job memory own = _job();
        own.nonce = 2;
        own.deadline = uint40(START + 30 days);
        ownJobId = _open(own);
        (uint256 id, CommittedLease[] memory committed) = _commitOne(_lease(jobId, 0, 4));
        batchId = id;
        leases.push(committed[0]);
        _fixSeed(batchId);
        _passWindow(batchId);
    }

    function _keepInDispute(uint32 task) internal {
        (uint256 later, CommittedLease[] memory committed) = _commitOne(_lease(ownJobId, task, 1));
        _dispute(later, committed, 0, task);
    }

    function test_ADisputeHoldsPayBackOnlyForSoLong() external {
        uint256 heldUntil = uint256(market.batch(batchId).windowEndsAt) + 1000;
        _keepInDispute(0);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batchId, leases);
        vm.warp(heldUntil);
        _keepInDispute(1);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batchId, leases);
        vm.warp(heldUntil + 1);
        market.settleBatch(batchId, leases);
        vm.assertEq(market.job(jobId).settledTasks, 4);
        vm.warp(START + 2 hours);
        market.closeJob(jobId);
        vm.assertTrue(market.job(jobId).closedAt != 0);
    }

    /// @dev The lease in dispute itself stays unpaid for as long as its own dispute lasts.
    function test_ALeaseInDisputeIsNeverPaidByTime() external {
        (uint256 later, CommittedLease[] memory committed) = _commitOne(_lease(ownJobId, 0, 1));
        _fixSeed(later);
        _dispute(later, committed, 0, 0);
        vm.warp(_now() + 10_000);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, later));
        market.settleBatch(later, committed);
    }
}
