// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {JobStatus} from "../../src/types/JobState.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract StatusOfTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _expectStatus(JobStatus expected) internal view {
        vm.assertEq(uint256(market.statusOf(_job())), uint256(expected));
    }

    function _cancel(Job memory job) internal {
        vm.prank(requester);
        market.cancelJob(job, "");
    }

    function _settle(uint32 count) internal {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, count));
        _expectStatus(JobStatus.Running);
        _passWindow(batchId);
        market.settleBatch(batch);
    }

    function test_AJobThatNobodyOpenedIsUnknown() external view {
        Job memory job = _job();
        job.nonce = 2;
        vm.assertEq(uint256(market.statusOf(job)), uint256(JobStatus.Unknown));
    }

    function test_ItIsOpenUntilItsDeadline() external {
        _expectStatus(JobStatus.Open);
        vm.warp(START + 1 hours);
        _expectStatus(JobStatus.Open);
        vm.warp(START + 1 hours + 1);
        _expectStatus(JobStatus.Expired);
    }

    function test_WithATaskCommittedItIsRunningUntilItsDeadline() external {
        _settle(19);
        _expectStatus(JobStatus.Running);
        vm.warp(START + 1 hours + 1);
        _expectStatus(JobStatus.Expired);
    }

    function test_WithAllTasksSettledItIsSettledForGood() external {
        _settle(20);
        _expectStatus(JobStatus.Settled);
        vm.warp(START + 1 hours + 1);
        _expectStatus(JobStatus.Settled);
    }

    function test_OnceCancelledItStaysSo() external {
        _cancel(_job());
        _expectStatus(JobStatus.Cancelled);
        vm.warp(START + 1 hours + 1);
        _expectStatus(JobStatus.Cancelled);
    }

    function test_CancelledBeforeItWasOpenedItIsCancelled() external {
        Job memory job = _job();
        job.nonce = 2;
        _cancel(job);
        vm.assertEq(uint256(market.statusOf(job)), uint256(JobStatus.Cancelled));
    }
}
