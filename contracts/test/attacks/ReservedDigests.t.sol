// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AuditClaim, AuditResult, AuditResultHash} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A provider claims as a task's digest what committees say for "out of tolerance", or for "not given the
/// inputs". A majority that says so names just what it claimed: that must not count as if it had been right.
contract ReservedDigestsTest is Fixture {
    bytes32 internal constant OUT = TaskResult.OUT_OF_TOLERANCE;
    bytes32 internal constant UNAVAILABLE = TaskResult.UNAVAILABLE;

    bytes32 internal jobId;
    bytes32 internal batchId;
    uint256 internal disputeId;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(1 ether);
        jobId = _openDefault();
    }

    /// @dev A lease of one task that claims `word`; the drawn verifier agrees.
    function _commitWord(uint32 task, bytes32 word) internal {
        LeaseResult memory lease = _lease(jobId, task, 1);
        lease.resultRoot = TaskResult.leaf(lease.leaseId, task, word, _salt(task));
        (batchId,) = _commitOne(lease);
        _passSeed(batchId);
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claim(batchId, batch, 0, task);
        claim.taskDigest = word;
        AuditResult memory result = AuditResult(batchId, lease.leaseId, task, word, claim.salt);
        claim.signature = _sign(_verifierKey(claim.verifier), AuditResultHash.hash(result));
        _accept(batch, claim);
    }

    function _judge(uint32 task, bytes32 word, bytes32 vote) internal returns (Verdict) {
        _commitWord(task, word);
        disputeId = _dispute(_committed(batchId), 0, task);
        _voteAll(disputeId, _drawCommittee(disputeId), vote);
        arbiter.openClaim(disputeId, word, _salt(task), new bytes32[](0));
        arbiter.resolve(disputeId);
        return market.dispute(disputeId).verdict;
    }

    function _requireReturned(uint32 task) internal {
        uint256 before = _balance(requester);
        _payAudit(_committed(batchId), 0, task);
        vm.assertEq(_balance(requester), before + 1.2 ether);
    }

    function test_FoundToBeWrong() external {
        bytes32[2] memory words = [OUT, UNAVAILABLE];
        for (uint32 task; task < 2; ++task) {
            bytes32 word = words[task];
            vm.assertTrue(_judge(task, word, _honest(task)) == Verdict.ProviderLost);
            vm.assertEq(market.account(provider).strikes, task + 1);
            uint32 seatId = market.acceptedAudit(batchId, 0, task, 0).seatId;
            vm.prank(stranger);
            market.contradict(disputeId, 0, word, _salt(task), new bytes32[](0));
            vm.assertTrue(market.seat(seatId).vacatedBlock != 0);
            _requireReturned(task);
            _forward(1);
        }
        vm.assertEq(_stakeOf(provider), 0);
    }

    function test_NobodyHadTheInputs() external {
        uint256 before = _balance(provider);
        vm.assertTrue(_judge(0, UNAVAILABLE, UNAVAILABLE) == Verdict.Unavailable);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertFalse(market.isTaskCommitted(jobId, 0));
        _requireReturned(0);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        vm.assertEq(_balance(provider), before);
        vm.assertEq(_stakeOf(provider), 1 ether);
        vm.assertEq(_stateOf(jobId).settledTasks, 0);
    }

    function test_FoundOutOfTolerance() external {
        vm.assertTrue(_judge(0, OUT, OUT) == Verdict.OutOfTolerance);
        vm.assertEq(_balance(challenger), FUNDS + 0.1 ether);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertFalse(market.isTaskCommitted(jobId, 0));
        _requireReturned(0);
    }

    /// @dev Nor does the other word stand for what it claimed.
    function test_TheOtherWord() external {
        vm.assertTrue(_judge(0, OUT, UNAVAILABLE) == Verdict.Unavailable);
        _forward(1);
        vm.assertTrue(_judge(1, UNAVAILABLE, OUT) == Verdict.OutOfTolerance);
        vm.assertFalse(market.isTaskCommitted(jobId, 0));
        vm.assertFalse(market.isTaskCommitted(jobId, 1));
    }

    /// @dev To the chain it is a digest like any other, which an honest verifier contests.
    function test_WhatNobodyContestsIsPaid() external {
        _commitWord(0, UNAVAILABLE);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        uint32 seatId = market.acceptedAudit(batchId, 0, 0, 0).seatId;
        address verifier = market.seat(seatId).holder;
        uint256 before = _balance(verifier);
        _payAudit(_committed(batchId), 0, 0);
        vm.assertEq(_balance(verifier), before + 1.2 ether);
    }
}
