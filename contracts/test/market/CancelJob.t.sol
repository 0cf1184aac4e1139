// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Cancellation, CancellationHash} from "../../src/types/Cancellation.sol";
import {Job, JobHash} from "../../src/types/Job.sol";
import {JobWords} from "../../src/types/JobState.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract CancelJobTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _signature(uint256 key) internal view returns (bytes memory) {
        return _sign(key, CancellationHash.hash(Cancellation(jobId)));
    }

    function _expectCancelledNow() internal view {
        (, uint40 cancelledAt) = market.job(jobId);
        vm.assertEq(cancelledAt, _now());
        vm.assertEq(_stateOf(jobId).flags, JobWords.OPENED | JobWords.CANCELLED);
    }

    function test_TheRequesterNeedsNoSignature() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.JobCancelled(jobId);
        vm.prank(requester);
        market.cancelJob(_job(), "");
        _expectCancelledNow();
    }

    function test_AnyoneWithItsSignature() external {
        bytes memory signature = _signature(REQUESTER_KEY);
        vm.prank(stranger);
        market.cancelJob(_job(), signature);
        _expectCancelledNow();
    }

    function test_MovesNoMoney() external {
        vm.prank(requester);
        market.cancelJob(_job(), "");
        vm.assertEq(_stateOf(jobId).escrowWei, 20 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether);
    }

    function test_RevertWhen_Forged() external {
        bytes memory signature = _signature(OPERATOR_KEY);
        _expect(_badSignature(requester));
        vm.prank(operator);
        market.cancelJob(_job(), signature);
    }

    function test_RevertWhen_TheSignatureCancelsAnotherJob() external {
        bytes memory signature = _signature(REQUESTER_KEY);
        Job memory job = _job();
        job.nonce = 2;
        _open(job);
        _expect(_badSignature(requester));
        market.cancelJob(job, signature);
    }

    /// @dev The job itself is signed and public: that must not do for a cancellation.
    function test_RevertWhen_TheSignatureIsTheJobsOwn() external {
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(_job()));
        _expect(_badSignature(requester));
        market.cancelJob(_job(), signature);
    }

    /// @dev It names another job.
    function test_NamingOneselfTheRequesterCancelsNothing() external {
        Job memory job = _job();
        job.requester = stranger;
        vm.prank(stranger);
        market.cancelJob(job, "");
        vm.assertEq(_stateOf(jobId).flags, JobWords.OPENED);
    }

    function test_RevertWhen_Replayed() external {
        bytes memory signature = _signature(REQUESTER_KEY);
        market.cancelJob(_job(), signature);
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyCancelled.selector, jobId));
        market.cancelJob(_job(), signature);
    }

    function test_AJobThatIsNotOpenedNeverWillBe() external {
        Job memory job = _job();
        job.nonce = 2;
        vm.prank(requester);
        market.cancelJob(job, "");
        bytes32 id = _idOf(job);
        vm.assertEq(_stateOf(id).flags, JobWords.CANCELLED);
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        bytes memory error_ = abi.encodeWithSelector(IMarketErrors.JobNotNew.selector, id);
        _expect(error_);
        market.openJob(job, signature);
        _expect(error_);
        vm.prank(requester);
        market.openJob(job, "");
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyCancelled.selector, id));
        vm.prank(requester);
        market.cancelJob(job, "");
    }

    function test_RevertWhen_Closed() external {
        vm.prank(requester);
        market.cancelJob(_job(), "");
        vm.warp(_now() + 61);
        market.closeJob(_job());
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId));
        market.cancelJob(_job(), "");
    }
}
