// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {JobState, JobWords} from "../../src/types/JobState.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract CloseJobTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _expectNotClosable(uint256 openTasks, uint256 closableAfter) internal {
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.JobNotClosable.selector, jobId, openTasks, closableAfter
            )
        );
        market.closeJob(_job());
    }

    function _expectClosed() internal view {
        JobState memory state = _stateOf(jobId);
        vm.assertTrue(state.flags & JobWords.CLOSED != 0);
        vm.assertEq(state.escrowWei, 0);
        vm.assertEq(state.auditEscrowWei, 0);
    }

    function test_ReturnsEverythingUnspent_AfterTheDeadlineAndItsGrace() external {
        vm.warp(START + 1 hours + 60);
        _expectNotClosable(0, START + 1 hours + 60);
        vm.warp(START + 1 hours + 61);
        vm.expectEmit(address(market));
        emit IMarketEvents.JobClosed(jobId, 44 ether);
        vm.prank(stranger);
        market.closeJob(_job());
        vm.assertEq(_balance(requester), FUNDS - 0.1 ether);
        _expectClosed();
    }

    function test_ClosesSoonerWhenCancelled() external {
        vm.prank(requester);
        market.cancelJob(_job(), "");
        uint256 end = _now() + 60;
        vm.warp(end);
        _expectNotClosable(0, end);
        vm.warp(end + 1);
        market.closeJob(_job());
        _expectClosed();
    }

    function test_ACancellationAfterTheDeadlineDelaysNothing() external {
        vm.warp(START + 1 hours + 59);
        vm.prank(requester);
        market.cancelJob(_job(), "");
        vm.warp(START + 1 hours + 61);
        market.closeJob(_job());
        _expectClosed();
    }

    function test_ClosesItselfWhenAllTasksAreSettled() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 20));
        _passWindow(batchId);
        vm.expectEmit(address(market));
        emit IMarketEvents.JobClosed(jobId, 24 ether);
        market.settleBatch(batch);
        vm.assertEq(_balance(requester), FUNDS - 20.1 ether);
        _expectClosed();
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId));
        market.closeJob(_job());
    }

    function test_ReturnsWhatTheSettledTasksHaveLeft() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _passWindow(batchId);
        market.settleBatch(batch);
        _expectNotClosable(0, START + 1 hours + 60);
        vm.warp(START + 2 hours);
        market.closeJob(_job());
        vm.assertEq(_balance(requester), FUNDS - 4.1 ether);
        _expectClosed();
    }

    function test_RevertWhen_ATaskIsOpen() external {
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        vm.warp(START + 2 hours);
        _expectNotClosable(4, START + 1 hours + 60);
        _forward(3);
        market.settleBatch(batch);
        market.closeJob(_job());
        _expectClosed();
    }

    function test_AReleasedTaskIsNotOpen() external {
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 disputeId = _dispute(batch, 0, 1);
        vm.prank(provider);
        market.concede(disputeId);
        vm.warp(START + 2 hours);
        market.closeJob(_job());
        vm.assertEq(_balance(requester), FUNDS - 0.1 ether);
    }

    function test_RevertWhen_ClosedBefore() external {
        vm.warp(START + 2 hours);
        market.closeJob(_job());
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId));
        market.closeJob(_job());
        vm.assertEq(_balance(requester), FUNDS - 0.1 ether);
    }

    function test_RevertWhen_AnythingOfItIsChanged() external {
        vm.warp(START + 2 hours);
        Job memory job = _job();
        job.requester = stranger;
        bytes32 other = _idOf(job);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, other));
        market.closeJob(job);
    }

    function test_RevertWhen_ItWasCancelledBeforeItWasOpened() external {
        Job memory job = _job();
        job.nonce = 2;
        vm.prank(requester);
        market.cancelJob(job, "");
        vm.warp(START + 2 hours);
        bytes32 id = _idOf(job);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, id));
        market.closeJob(job);
    }
}
