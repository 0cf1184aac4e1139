// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Delegation, DelegationHash} from "../../src/types/Delegation.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice What the rules do not prevent, to the wei: docs/threat-model.md, "What is not defended
/// yet". When one of these fails, the rules have become better, and that page must say so.
contract KnownLimitsTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _concedeToAFriend(uint32 task, uint32 count) internal returns (uint256 disputeId) {
        (, Batch memory batch) = _commitOne(_leaseWithFault(jobId, task, count, task));
        disputeId = _dispute(batch, 0, task);
        vm.prank(provider);
        market.concede(disputeId);
    }

    /// @dev Who contests its own task before an honest verifier does keeps the challenger's part.
    function test_AFriendlyChallengerReturnsItsPartOfASlash() external {
        vm.prank(provider);
        market.stake(110 ether);
        _concedeToAFriend(0, 4);
        vm.assertEq(_balance(challenger), FUNDS + 5 ether); // of 50
        _concedeToAFriend(4, 4);
        vm.assertEq(_balance(challenger), FUNDS + 5 ether + 9 ether); // of 110
        vm.assertEq(_stakeOf(provider), 0);
    }

    /// @dev The requester is the provider's friend too: its job is there to be lost.
    function test_InAJobOfItsOwnOnePriceMoreReturnsOfEachPenalty() external {
        vm.prank(provider);
        market.stake(110 ether);
        uint256 before = _balance(requester) + _balance(challenger);
        _concedeToAFriend(0, 4);
        vm.assertEq(_balance(requester) + _balance(challenger), before + 6 ether); // of 50
        _concedeToAFriend(4, 4);
        vm.assertEq(_balance(requester) + _balance(challenger), before + 16 ether); // of 110
    }

    /// @dev Every task of such an identity is audited, so it is always caught: for nothing.
    function test_AnIdentityWithoutStakeConcedesForNothing() external {
        uint256 before = _balance(provider);
        _concedeToAFriend(0, 4);
        vm.assertEq(_balance(provider), before);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(_stateOf(jobId).committedTasks, 0);
    }

    /// @dev The only vote that is revealed decides, however large the committee.
    function test_OneRevealedVoteDecides() external {
        vm.prank(provider);
        market.stake(60 ether);
        LeaseResult memory lease = _lease(jobId, 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 1);
        address[] memory members = _drawCommittee(disputeId);
        _vote(disputeId, members[0], keccak256("lie"));
        vm.warp(_now() + 21);
        _reveal(disputeId, members[0], keccak256("lie"));
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(_stakeOf(provider), 0);
    }

    /// @dev The provider hands out digest, salt and path, which it may do to make friends.
    function test_AVerifierThatWasToldTheRightDigestIsPaid() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _passSeed(batchId);
        AuditClaim memory told = _claim(batchId, batch, 0, 1);
        uint256 before = _balance(told.verifier);
        _accept(batch, told);
        _passWindow(batchId);
        market.settleBatch(batch);
        _payAudit(batch, 0, 1);
        vm.assertEq(_balance(told.verifier), before + 1.2 ether);
    }

    /// @dev Nobody has found which digest is right. It only gets no fee.
    function test_AConcessionSparesTheSeatOfTheVerifierThatAgreed() external {
        LeaseResult memory lease = _leaseWithFault(jobId, 0, 4, 1);
        (bytes32 batchId, Batch memory batch) = _commitOne(lease);
        _passSeed(batchId);
        _accept(batch, _claimFor(batchId, batch, 0, 1, 0, 1));
        uint256 disputeId = _dispute(batch, 0, 1);
        vm.prank(provider);
        market.concede(disputeId);
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, 1), 1);
        _expect(abi.encodeWithSelector(IMarketErrors.NotContradicted.selector, disputeId));
        market.contradict(disputeId, 0, keccak256("wrong"), _salt(1), proof);
        uint256 before = _balance(requester);
        _payAudit(batch, 0, 1);
        vm.assertEq(_balance(requester), before + 1.2 ether);
    }

    /// @dev What was set aside for audits of lost leases returns to the requester, not to the budget: the
    /// verifiers of who does the tasks again may find it empty.
    function test_FeesSetAsideForGarbageAreMissingAfterwards() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_leaseWithFault(jobId, 0, 20, 0));
        _passSeed(batchId);
        for (uint32 task; task < 20; ++task) {
            _accept(batch, _claimFor(batchId, batch, 0, task, 0, 0));
        }
        vm.assertEq(_stateOf(jobId).auditEscrowWei, 0);
        uint256 disputeId = _dispute(batch, 0, 0);
        vm.prank(provider);
        market.concede(disputeId);
        for (uint32 task; task < 20; ++task) {
            _payAudit(batch, 0, task);
        }
        vm.assertEq(_balance(requester), FUNDS - 20.1 ether);
        _forward(1);
        (batchId, batch) = _commitOne(_lease(jobId, 0, 20));
        _passSeed(batchId);
        _accept(batch, _claim(batchId, batch, 0, 1));
        vm.assertEq(market.acceptedAudit(batchId, 0, 1, 0).feeWei, 0);
    }

    /// @dev By whoever hands them out. The provider has then worked for nothing, though it was right.
    function test_InputsCanBeWithheldFromTheCommitteeAlone() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        (bytes32 batchId, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), TaskResult.UNAVAILABLE);
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _passWindow(batchId);
        market.settleBatch(batch);
        vm.assertEq(_balance(provider), FUNDS);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(_stateOf(jobId).settledTasks, 0);
    }

    /// @dev Any address can be claimed as a device. It loses no right that it has of its own.
    function test_AStrangerMayClaimAWalletAsItsDevice() external {
        Delegation memory squat = Delegation(stranger, provider, type(uint40).max, 1);
        market.delegate(squat, _sign(STRANGER_KEY, DelegationHash.hash(squat)));
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        _commitSigned(_batchOf(leases), _signLeases(PROVIDER_KEY, leases));
        vm.prank(provider);
        market.stake(1 ether);
        Delegation memory late = Delegation(challenger, provider, type(uint40).max, 1);
        bytes memory signature = _sign(CHALLENGER_KEY, DelegationHash.hash(late));
        _expect(abi.encodeWithSelector(IMarketErrors.DeviceTaken.selector, provider, stranger));
        market.delegate(late, signature);
    }

    /// @dev Whoever keeps everybody from fixing a seed for 256 blocks escapes the batch's audits, though
    /// not its disputes.
    function test_AForgottenSeedAuditsNothing() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 seedBlock = uint256(market.batch(batchId).commitBlock) + 2;
        _passSeed(batchId);
        AuditClaim memory claim = _claim(batchId, batch, 0, 1);
        vm.roll(seedBlock + 257);
        vm.assertEq(market.seedOf(batchId), 0);
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.SeedGone.selector, batchId, seedBlock);
        _expect(error_);
        market.fixSeed(batchId);
        _expect(error_);
        _accept(batch, claim);
        vm.warp(_windowEndsAt(batchId) + 1);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
    }
}
