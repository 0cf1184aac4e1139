// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract CloseJobTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _expectNotClosable(uint256 openLeases, uint256 closableAfter) internal {
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.JobNotClosable.selector, jobId, openLeases, closableAfter
            )
        );
        market.closeJob(jobId);
    }

    function test_ReturnsEverythingUnspent_AfterTheDeadlineAndItsGrace() external {
        vm.warp(START + 1 hours + 60);
        _expectNotClosable(0, START + 1 hours + 60);
        vm.warp(START + 1 hours + 61);
        vm.prank(stranger);
        market.closeJob(jobId);
        vm.assertEq(_balance(requester), FUNDS - 0.1 ether);
        vm.assertEq(market.job(jobId).closedAt, _now());
    }

    function test_ClosesSoonerWhenCancelled() external {
        vm.prank(requester);
        market.cancelJob(jobId, "");
        _expectNotClosable(0, _now() + 60);
        vm.warp(_now() + 61);
        market.closeJob(jobId);
    }

    function test_ACancellationAfterTheDeadlineDelaysNothing() external {
        vm.warp(START + 1 hours + 59);
        vm.prank(requester);
        market.cancelJob(jobId, "");
        vm.warp(START + 1 hours + 61);
        market.closeJob(jobId);
    }

    function test_ClosesAtOnceWhenAllTasksAreSettled() external {
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(_lease(jobId, 0, 20));
        _fixSeed(batchId);
        _passWindow(batchId);
        market.settleBatch(batchId, leases);
        market.closeJob(jobId);
        vm.assertEq(_balance(requester), FUNDS - 20.1 ether);
    }

    function test_RevertWhen_ALeaseIsOpen() external {
        _commitOne(_lease(jobId, 0, 4));
        vm.warp(START + 2 hours);
        _expectNotClosable(1, START + 1 hours + 60);
    }

    function test_RevertWhen_ClosedBefore() external {
        vm.warp(START + 2 hours);
        market.closeJob(jobId);
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId));
        market.closeJob(jobId);
    }

    function test_RevertWhen_Unknown() external {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, bytes32(0)));
        market.closeJob(0);
    }
}
