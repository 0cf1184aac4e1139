// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {Batch, BatchId, OwnerFields} from "../../src/types/Batch.sol";
import {Dispute, DisputeStatus, Verdict} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Request} from "../../src/types/Request.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract OpenDisputeTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal batchId;
    LeaseResult internal second;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        second = _lease(jobId, 4, 6);
        (batchId,) = _commit(_two(_lease(jobId, 0, 4), second));
    }

    function _contest(uint8 line, uint32 task) internal returns (uint256) {
        return _dispute(_committed(batchId), line, task);
    }

    function _expectRefused(uint8 line, uint32 task, bytes memory error_) internal {
        Batch memory batch = _committed(batchId);
        _expect(error_);
        vm.prank(challenger);
        market.openDispute(batch, line, task);
    }

    function test_TakesTheBondAndStopsTheLease() external {
        Batch memory batch = _committed(batchId);
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeOpened(
            1, second.leaseId, challenger, batchId, 5, 1, second, requester, operator
        );
        vm.prank(challenger);
        uint256 disputeId = market.openDispute(batch, 1, 5);
        vm.assertEq(disputeId, 1);
        vm.assertEq(market.disputeCount(), 1);
        vm.assertEq(_balance(challenger), FUNDS - 15 ether);
        vm.assertEq(market.batch(batchId).disputedBits, 2);
        vm.assertEq(market.account(provider).openDisputes, 1);
    }

    function test_NotesWhatTheArbiterNeeds() external {
        Dispute memory contested = market.dispute(_contest(1, 5));
        vm.assertEq(contested.batchId, batchId);
        vm.assertEq(contested.jobId, jobId);
        vm.assertEq(contested.leaseId, second.leaseId);
        vm.assertEq(contested.resultRoot, second.resultRoot);
        vm.assertEq(contested.ruledDigest, 0);
        vm.assertEq(contested.challenger, challenger);
        vm.assertEq(contested.provider, provider);
        vm.assertEq(contested.requester, requester);
        vm.assertEq(contested.operator, operator);
        vm.assertEq(contested.openedAt, _now());
        vm.assertEq(contested.openedBlock, vm.getBlockNumber());
        vm.assertEq(contested.seatCount, VERIFIERS);
        vm.assertEq(contested.firstTask, 4);
        vm.assertEq(contested.count, 6);
        vm.assertEq(contested.task, 5);
        vm.assertEq(contested.line, 1);
        vm.assertEq(contested.amount, 6 ether);
        vm.assertEq(contested.bondWei, 15 ether);
        vm.assertTrue(contested.status == DisputeStatus.Open);
        vm.assertTrue(contested.verdict == Verdict.None);
    }

    /// @dev 15 prices, and never less than the parameter.
    function testFuzz_TheBondIsByPrice(uint96 priceWei) external {
        priceWei = uint96(1 + priceWei % 1 ether);
        LeaseResult memory lease = _lease(jobId, 10, 4);
        lease.amount = 4 * priceWei;
        (batchId,) = _commitOne(lease);
        uint256 bondWei = 15 * uint256(priceWei);
        if (bondWei < 10 ether) bondWei = 10 ether;
        vm.assertEq(market.dispute(_contest(0, 11)).bondWei, bondWei);
        vm.assertEq(_balance(challenger), FUNDS - bondWei);
    }

    function test_OfALargeLeaseTheBondIsAThirdOfItsPay() external {
        Job memory job = _job();
        job.taskCount = 300;
        job.nonce = 2;
        jobId = _open(job);
        LeaseResult memory lease = _lease(jobId, 0, 255);
        lease.amount -= 2;
        (batchId,) = _commitOne(lease);
        vm.assertEq(market.dispute(_contest(0, 11)).bondWei, 85 ether - 1);
        vm.assertEq(_balance(challenger), FUNDS - 85 ether + 1);
        (batchId,) = _commitOne(_lease(jobId, 255, 45));
        vm.assertEq(market.dispute(_contest(0, 256)).bondWei, 15 ether);
    }

    /// @dev An accomplice that contests an honest task cannot shield a wrong one.
    function test_OtherTasksOfTheLeaseCanBeContestedMeanwhile() external {
        _contest(1, 5);
        _contest(1, 6);
        _contest(0, 0);
        vm.assertEq(market.disputeCount(), 3);
        vm.assertEq(market.batch(batchId).disputedBits, 3);
        vm.assertEq(market.account(provider).openDisputes, 3);
    }

    function test_TheLeaseIsNotSettledUntilItsLastDisputeEnds() external {
        uint256 first = _contest(1, 5);
        uint256 last = _contest(1, 6);
        _voidDispute(first);
        vm.assertEq(market.batch(batchId).disputedBits, 2);
        _passWindow(batchId);
        Batch memory batch = _committed(batchId);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batch);
        _voidDispute(last);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 10);
    }

    /// @dev Nobody votes.
    function _voidDispute(uint256 disputeId) internal {
        _drawCommittee(disputeId);
        vm.warp(uint256(arbiter.committee(disputeId).commitBy) + 1);
        arbiter.resolve(disputeId);
    }

    function test_TheProviderCannotUnstakeMeanwhile() external {
        vm.startPrank(provider);
        market.stake(50 ether);
        market.requestUnstake(50 ether);
        vm.stopPrank();
        uint256 disputeId = _contest(1, 5);
        vm.warp(_now() + 1000);
        _expect(abi.encodeWithSelector(IMarketErrors.StakeInDispute.selector, provider, 1));
        market.unstake(provider);
        _drawCommittee(disputeId);
        vm.warp(uint256(arbiter.committee(disputeId).commitBy) + 1);
        arbiter.resolve(disputeId);
        market.unstake(provider);
        vm.assertEq(_balance(provider), FUNDS);
    }

    function test_TheSignerOfARelayedRequestIsTheChallenger() external {
        bytes memory data = abi.encodeCall(IAnnex.openDispute, (_committed(batchId), 1, 5));
        (Request memory request, bytes memory signature) =
            _request(CHALLENGER_KEY, data, 1 ether, 7);
        vm.prank(stranger);
        market.relay(request, 1 ether, signature);
        vm.assertEq(market.dispute(1).challenger, challenger);
        vm.assertEq(_balance(challenger), FUNDS - 16 ether);
        vm.assertEq(_balance(stranger), 1 ether);
    }

    function test_RevertWhen_TheTaskWasContestedBefore() external {
        uint256 disputeId = _contest(1, 5);
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.TaskAlreadyDisputed.selector, second.leaseId, 5);
        _expectRefused(1, 5, error_);
        _voidDispute(disputeId);
        _expectRefused(1, 5, error_);
    }

    /// @dev The window counts from the commitment: a seed that nobody fixed does not lengthen it.
    function test_RevertWhen_TheWindowIsOver() external {
        uint256 endsAt = _now() + 100;
        vm.warp(endsAt);
        _contest(1, 5);
        vm.warp(endsAt + 1);
        _expectRefused(
            1, 6, abi.encodeWithSelector(IMarketErrors.WindowOver.selector, batchId, endsAt)
        );
        _fixSeed(batchId);
        _expectRefused(
            1, 6, abi.encodeWithSelector(IMarketErrors.WindowOver.selector, batchId, endsAt)
        );
    }

    function test_RevertWhen_TheBatchIsNotTheCommittedOne() external {
        Batch memory batch = _committed(batchId);
        batch.jobs[0].owner = OwnerFields.pack(challenger, 20);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, BatchId.idOf(batch)));
        vm.prank(challenger);
        market.openDispute(batch, 1, 5);
    }

    function test_RevertWhen_TheBatchIsFinished() external {
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        _expectRefused(1, 5, abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, batchId));
    }

    function test_RevertWhen_ThereIsNoSuchLine() external {
        _expectRefused(2, 5, abi.encodeWithSelector(IMarketErrors.NoSuchLine.selector, batchId, 2));
        _expectRefused(
            255, 5, abi.encodeWithSelector(IMarketErrors.NoSuchLine.selector, batchId, 255)
        );
    }

    function test_RevertWhen_TheTaskIsNotInTheLease() external {
        _expectRefused(
            0,
            4,
            abi.encodeWithSelector(
                IMarketErrors.TaskNotInLease.selector, _committed(batchId).lines[0].leaseId, 4
            )
        );
        bytes32 leaseId = second.leaseId;
        _expectRefused(
            1, 3, abi.encodeWithSelector(IMarketErrors.TaskNotInLease.selector, leaseId, 3)
        );
        _expectRefused(
            1, 10, abi.encodeWithSelector(IMarketErrors.TaskNotInLease.selector, leaseId, 10)
        );
    }

    function test_RevertWhen_TheBondIsMissing() external {
        Batch memory batch = _committed(batchId);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, stranger, 15 ether, 0
            )
        );
        vm.prank(stranger);
        market.openDispute(batch, 1, 5);
    }

    function test_RevertWhen_TheLeaseIsFinished() external {
        uint256 disputeId = _contest(1, 5);
        vm.prank(provider);
        market.concede(disputeId);
        _expectRefused(
            1, 6, abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, 1)
        );
        _contest(0, 0);
    }

    function test_RevertWhen_Unknown() external {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 1));
        market.dispute(1);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 0));
        market.dispute(0);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 1));
        market.isMoot(1);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 1));
        market.concede(1);
    }
}
