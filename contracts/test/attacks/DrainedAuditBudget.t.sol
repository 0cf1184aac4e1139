// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditRef} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice A provider without stake commits garbage, of which every task is audited. All verifiers are its
/// friends: they agree with whatever it claims, for a fee each. That it then loses a lease costs it nothing. So
/// it would drain the requester's audit budget, if anybody were paid for agreeing with what is lost.
contract DrainedAuditBudgetTest is Fixture {
    uint32 internal constant TASKS = 8;
    uint256 internal constant FEE = 1.2 ether;

    bytes32 internal jobId;
    bytes32 internal batchId;
    LeaseResult internal lease;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    /// @dev Garbage, of which task `first` is the one that is looked at; the friends agree with all of it.
    function _commitAndAgree(uint32 first) internal {
        lease = _leaseWithFault(jobId, first, TASKS, first);
        (batchId,) = _commitOne(lease);
        _passSeed(batchId);
        Batch memory batch = _committed(batchId);
        for (uint32 i; i < TASKS; ++i) {
            _accept(batch, _claimFor(batchId, batch, 0, first + i, 0, first));
        }
    }

    function _allRefs() internal view returns (AuditRef[] memory refs) {
        refs = new AuditRef[](TASKS);
        for (uint32 i; i < TASKS; ++i) {
            refs[i] = AuditRef(0, lease.firstTask + i, 0);
        }
    }

    function _payAll() internal {
        Batch memory batch = _committed(batchId);
        AuditRef[] memory refs = _allRefs();
        vm.prank(_verifier(0));
        market.payAudits(batch, refs);
    }

    function _concedeToAFriend() internal {
        uint256 disputeId = _dispute(_committed(batchId), 0, lease.firstTask);
        vm.prank(provider);
        market.concede(disputeId);
    }

    function _judge(bytes32 vote) internal returns (uint256 disputeId) {
        disputeId = _dispute(_committed(batchId), 0, lease.firstTask);
        _voteAll(disputeId, _drawCommittee(disputeId), vote);
        _openClaim(disputeId, lease, lease.firstTask, lease.firstTask);
        arbiter.resolve(disputeId);
    }

    /// @dev What the provider and its friends have, stakes and seats too.
    function _gangWei() internal view returns (uint256 sum) {
        sum = _balance(provider) + _stakeOf(provider) + _balance(challenger);
        for (uint32 i; i < VERIFIERS; ++i) {
            (uint96 stakeWei,,) = market.seatStake(i);
            sum += _balance(_verifier(i)) + stakeWei;
        }
    }

    function test_AConcededLeaseEarnsItsFriendsNothing() external {
        uint256 before = _gangWei();
        _commitAndAgree(0);
        AuditRef[] memory refs = _allRefs();
        Batch memory batch = _committed(batchId);
        _expect(abi.encodeWithSelector(IMarketErrors.LeaseNotFinished.selector, batchId, 0));
        market.payAudits(batch, refs);
        _concedeToAFriend();
        _payAll();
        vm.assertEq(_gangWei(), before);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + TASKS * FEE);
    }

    /// @dev Of those that agreed with the task that was contested, the seat goes too.
    function test_ALostLeaseCostsThemSeats() external {
        uint256 before = _gangWei();
        _commitAndAgree(0);
        uint256 disputeId = _judge(_honest(0));
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        _payAll();
        vm.assertEq(_gangWei(), before);
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, TASKS, 0), 0);
        vm.prank(stranger);
        market.contradict(disputeId, 0, keccak256("wrong"), _salt(0), proof);
        vm.assertEq(_gangWei(), before - 100 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + TASKS * FEE);
    }

    function test_ALeaseThatNobodyCouldCheckEarnsThemNothing() external {
        uint256 before = _gangWei();
        _commitAndAgree(0);
        uint256 disputeId = _judge(TaskResult.UNAVAILABLE);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.Unavailable);
        _payAll();
        vm.assertEq(_gangWei(), before);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + TASKS * FEE);
    }

    function test_NorDoesOneLeaseAfterAnother() external {
        uint256 before = _gangWei();
        bytes32[2] memory batchIds;
        for (uint32 i; i < 2; ++i) {
            _commitAndAgree(i * TASKS);
            batchIds[i] = batchId;
            _concedeToAFriend();
            _forward(1);
        }
        vm.assertEq(_stateOf(jobId).auditEscrowWei, 24 ether - 16 * FEE);
        vm.warp(START + 2 hours);
        market.closeJob(_jobOf[jobId]);
        for (uint32 i; i < 2; ++i) {
            (batchId, lease.firstTask) = (batchIds[i], i * TASKS);
            market.settleBatch(_committed(batchId)); // so it is forgotten
            _payAll();
        }
        vm.assertEq(_gangWei(), before);
        vm.assertEq(_balance(requester), FUNDS - 0.1 ether);
    }

    function test_HonestVerifiersArePaidAllTheSame() external {
        _commitAndAgree(0);
        _concedeToAFriend();
        _forward(1);
        LeaseResult memory honest = _lease(jobId, 0, TASKS);
        (bytes32 honestId, Batch memory batch) = _commitOne(honest);
        _passSeed(honestId);
        address verifier = _claim(honestId, batch, 0, 3).verifier;
        _accept(batch, _claim(honestId, batch, 0, 3));
        _passWindow(honestId);
        market.settleBatch(batch);
        uint256 before = _balance(verifier);
        _payAudit(batch, 0, 3);
        vm.assertEq(_balance(verifier), before + FEE);
    }
}
