// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {Batch} from "../../src/types/Batch.sol";
import {DisputeStatus, Ruling, Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice How disputes end, and who is left with what.
contract ResolveTest is Fixture {
    uint32 internal constant TASK = 1;
    bytes32 internal jobId;
    bytes32 internal batchId;
    uint256 internal disputeId;
    LeaseResult internal lease;
    address[] internal members;

    /// @dev The provider stakes 200 credits; a slash takes 60.
    function _contest(uint256 wrong) internal {
        _contestAt(1 ether, wrong);
    }

    function _contestAt(uint96 priceWei, uint256 wrong) internal {
        vm.prank(provider);
        market.stake(200 ether);
        jobId = _openDefault();
        lease = _leaseWithFault(jobId, 0, 4, wrong);
        lease.amount = 4 * priceWei;
        (batchId,) = _commitOne(lease);
        disputeId = _dispute(_committed(batchId), 0, TASK);
        members = _drawCommittee(disputeId);
    }

    function _verdict() internal view returns (Verdict) {
        vm.assertTrue(market.dispute(disputeId).status == DisputeStatus.Resolved);
        return market.dispute(disputeId).verdict;
    }

    function _hasSeatStake(uint256 i) internal view returns (bool) {
        (uint96 stakeWei,, uint32 duties) =
            market.seatStake(arbiter.committee(disputeId).seatIds[i]);
        vm.assertEq(duties, 0);
        return stakeWei != 0;
    }

    function _isHeld(uint256 i) internal view returns (bool) {
        return market.seat(arbiter.committee(disputeId).seatIds[i]).vacatedBlock == 0;
    }

    function _seated() internal pure returns (uint256) {
        return FUNDS - 100 ether;
    }

    function test_AWrongResultIsSlashed() external {
        _contest(TASK);
        _voteAll(disputeId, members, _honest(TASK));
        _openClaim(disputeId, lease, TASK, TASK);
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeResolved(disputeId, uint8(Verdict.ProviderLost));
        vm.expectEmit(address(market));
        emit IMarketEvents.Slashed(
            disputeId, provider, lease.leaseId, 60 ether, 1 ether, 9 ether, 12 ether, 38 ether
        );
        vm.prank(stranger);
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.ProviderLost);
        vm.assertEq(_stakeOf(provider), 140 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS + 9 ether);
        vm.assertEq(_balance(members[0]), _seated() + 4 ether);
        vm.assertEq(market.burntWei(), 38 ether);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(market.account(provider).openDisputes, 0);
        vm.assertEq(market.account(provider).forfeitBlock, vm.getBlockNumber());
        vm.assertEq(market.dispute(disputeId).ruledDigest, _honest(TASK));
        vm.assertEq(_stateOf(jobId).escrowWei, 20 ether);
        vm.assertFalse(market.isTaskCommitted(jobId, TASK));
        _forward(1);
        _commitOne(_lease(jobId, 0, 4));
    }

    function test_StakeBeingUnstakedIsSlashedToo() external {
        vm.prank(provider);
        market.stake(50 ether);
        jobId = _openDefault();
        lease = _leaseWithFault(jobId, 0, 4, TASK);
        (, Batch memory batch) = _commitOne(lease);
        vm.prank(provider);
        market.requestUnstake(50 ether);
        disputeId = _dispute(batch, 0, TASK);
        members = _drawCommittee(disputeId);
        _voteAll(disputeId, members, _honest(TASK));
        _openClaim(disputeId, lease, TASK, TASK);
        arbiter.resolve(disputeId);
        vm.assertEq(market.account(provider).unstakingWei, 0);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + 1 ether);
    }

    /// @dev Whoever provoked the dispute by hiding its digest has nothing of it: see
    /// attacks/WithheldOpening.tree.
    function test_AnHonestResultCostsTheChallengerItsBond() external {
        _contest(NO_TASK);
        _voteAll(disputeId, members, _honest(TASK));
        _openClaim(disputeId, lease, TASK, NO_TASK);
        uint256 before = _balance(provider);
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.ChallengerLost);
        vm.assertEq(_balance(challenger), FUNDS - 15 ether);
        vm.assertEq(_balance(provider), before);
        vm.assertEq(_balance(members[0]), _seated() + 2.5 ether);
        vm.assertEq(market.burntWei(), 7.5 ether);
        vm.assertEq(_stakeOf(provider), 200 ether);
        vm.assertEq(market.dispute(disputeId).ruledDigest, _honest(TASK));
        vm.assertEq(market.account(provider).strikes, 0);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
    }

    function test_AClaimThatIsNeverOpenedLoses() external {
        _contest(NO_TASK);
        _voteAll(disputeId, members, _honest(TASK));
        vm.warp(uint256(arbiter.committee(disputeId).openBy) + 1);
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.ProviderLost);
        vm.assertEq(market.dispute(disputeId).ruledDigest, _honest(TASK));
        vm.assertEq(_stakeOf(provider), 140 ether);
    }

    /// @dev Whatever else it had committed by then is forfeited, and frees those tasks.
    function test_LosingForfeitsWhatWasCommittedBefore() external {
        _contest(TASK);
        (bytes32 otherId, Batch memory other) = _commitOne(_lease(jobId, 4, 4));
        _voteAll(disputeId, members, _honest(TASK));
        _openClaim(disputeId, lease, TASK, TASK);
        arbiter.resolve(disputeId);
        _forward(1);
        (bytes32 laterId, Batch memory later) = _commitOne(_lease(jobId, 8, 4));
        _passWindow(laterId);
        vm.expectEmit(address(market));
        emit IMarketEvents.LeaseReleased(otherId, other.lines[0].leaseId, jobId);
        market.settleBatch(other);
        market.settleBatch(later);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
        vm.assertFalse(market.isTaskCommitted(jobId, 4));
    }

    function test_AMemberThatVotedAndNeverRevealsLosesItsStake() external {
        _contest(TASK);
        _vote(disputeId, members[0], _honest(TASK));
        _vote(disputeId, members[1], _honest(TASK));
        _vote(disputeId, members[2], _honest(TASK));
        _reveal(disputeId, members[0], _honest(TASK));
        _reveal(disputeId, members[1], _honest(TASK));
        vm.warp(uint256(arbiter.committee(disputeId).revealBy) + 1);
        _openClaim(disputeId, lease, TASK, TASK);
        uint32 seatId = arbiter.committee(disputeId).seatIds[2];
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatSlashed(seatId, members[2], disputeId);
        arbiter.resolve(disputeId);
        vm.assertTrue(_isHeld(0) && _isHeld(1) && !_isHeld(2));
        vm.assertTrue(!_hasSeatStake(2));
        vm.assertEq(market.seat(seatId).vacatedBlock, vm.getBlockNumber());
        vm.assertEq(market.burntWei(), 100 ether + 38 ether);
        vm.assertEq(_balance(members[0]), _seated() + 6 ether);
    }

    function _judgeBy(uint256 voters) internal {
        _contest(TASK);
        for (uint256 i; i < voters; ++i) {
            _vote(disputeId, members[i], _honest(TASK));
        }
        vm.warp(_now() + 21);
        for (uint256 i; i < voters; ++i) {
            _reveal(disputeId, members[i], _honest(TASK));
        }
        _openClaim(disputeId, lease, TASK, TASK);
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.ProviderLost);
    }

    function test_AMemberThatNeverCommitsLosesItsSeat_WhereTwoThirdsVoted() external {
        _judgeBy(2);
        vm.assertTrue(_isHeld(0) && _isHeld(1) && !_isHeld(2));
        vm.assertTrue(_hasSeatStake(2));
    }

    function test_MembersThatNeverCommitKeepTheirSeats_WhereFewerVoted() external {
        _judgeBy(1);
        vm.assertTrue(_isHeld(0) && _isHeld(1) && _isHeld(2));
        vm.assertTrue(_hasSeatStake(1) && _hasSeatStake(2));
    }

    function test_AMinorityLosesItsSeat() external {
        _contest(TASK);
        bytes32 other = keccak256("other");
        _vote(disputeId, members[0], _honest(TASK));
        _vote(disputeId, members[1], other);
        _vote(disputeId, members[2], _honest(TASK));
        _reveal(disputeId, members[0], _honest(TASK));
        _reveal(disputeId, members[1], other);
        _reveal(disputeId, members[2], _honest(TASK));
        _openClaim(disputeId, lease, TASK, TASK);
        arbiter.resolve(disputeId);
        vm.assertTrue(_hasSeatStake(0) && !_hasSeatStake(1) && _hasSeatStake(2));
        vm.assertTrue(_isHeld(0) && !_isHeld(1) && _isHeld(2));
        vm.assertEq(market.burntWei(), 100 ether + 38 ether);
        vm.assertEq(_balance(members[1]), _seated());
    }

    function test_WithoutAMajorityItIsVoid() external {
        _contest(TASK);
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], keccak256(abi.encode(i)));
        }
        for (uint256 i; i < 3; ++i) {
            _reveal(disputeId, members[i], keccak256(abi.encode(i)));
        }
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.None);
        vm.assertEq(market.dispute(disputeId).ruledDigest, 0);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(_stakeOf(provider), 200 ether);
        vm.assertTrue(_hasSeatStake(0) && _hasSeatStake(1) && _hasSeatStake(2));
        vm.assertEq(market.batch(batchId).disputedBits, 0);
    }

    function test_WhenNobodyVotesItIsVoid_AndTheirSeatsAreKept() external {
        _contest(TASK);
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.None);
        vm.assertEq(market.burntWei(), 0);
        vm.assertTrue(_isHeld(0) && _isHeld(1) && _isHeld(2));
        vm.assertEq(_balance(challenger), FUNDS);
    }

    function test_WithoutVerifiersItIsVoid() external {
        for (uint32 i; i < VERIFIERS; ++i) {
            uint32[] memory ids = new uint32[](1);
            ids[0] = i;
            vm.prank(_verifier(i));
            market.leaveSeats(ids);
        }
        _forward(1);
        _contest(TASK);
        vm.assertEq(members.length, 0);
        arbiter.resolve(disputeId);
        vm.assertTrue(_verdict() == Verdict.None);
    }

    function test_RevertWhen_ResolvedTwice() external {
        _contest(TASK);
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
        _expect(abi.encodeWithSelector(ICommitteeArbiter.DisputeNotOpen.selector, disputeId));
        arbiter.resolve(disputeId);
    }

    /// @dev The second dispute on a lease that was slashed meanwhile hurts nobody.
    function test_AMootDisputeEndsAtOnce() external {
        _contest(TASK);
        uint256 second = _dispute(_committed(batchId), 0, 0);
        _voteAll(disputeId, members, _honest(TASK));
        _drawCommittee(second);
        _openClaim(disputeId, lease, TASK, TASK);
        arbiter.resolve(disputeId);
        uint256 burnt = market.burntWei();
        arbiter.resolve(second);
        vm.assertTrue(market.dispute(second).verdict == Verdict.None);
        vm.assertEq(market.burntWei(), burnt);
        vm.assertTrue(_isHeld(0) && _isHeld(1) && _isHeld(2));
        vm.assertEq(_balance(challenger), FUNDS + 9 ether);
        vm.assertTrue(_hasSeatStake(0) && _hasSeatStake(1) && _hasSeatStake(2));
    }

    /// @dev Whatever an arbiter says: a lease is lost once.
    function test_MarketIgnoresARulingOnAMootDispute() external {
        _contest(TASK);
        uint256 second = _dispute(_committed(batchId), 0, 0);
        _voteAll(disputeId, members, _honest(TASK));
        _drawCommittee(second);
        _openClaim(disputeId, lease, TASK, TASK);
        arbiter.resolve(disputeId);
        uint256 stakeWei = _stakeOf(provider);
        Ruling memory ruling = Ruling({
            verdict: Verdict.ProviderLost,
            digest: _honest(0),
            majority: members,
            seatIds: arbiter.committee(second).seatIds,
            offenders: 3,
            absentees: 4
        });
        vm.prank(address(arbiter));
        market.rule(second, ruling);
        vm.assertTrue(market.dispute(second).verdict == Verdict.None);
        vm.assertEq(_stakeOf(provider), stakeWei);
        vm.assertTrue(_hasSeatStake(0) && _hasSeatStake(1) && _hasSeatStake(2));
    }

    /// @dev A bond that does not divide, three members: to the wei.
    function test_NoCreditIsLostWithABond() external {
        uint96 priceWei = 1 ether - 1;
        _contestAt(priceWei, NO_TASK);
        uint256 before = _everything();
        _voteAll(disputeId, members, _honest(TASK));
        _openClaim(disputeId, lease, TASK, NO_TASK);
        arbiter.resolve(disputeId);
        uint256 half = 15 * uint256(priceWei) / 2;
        vm.assertTrue(half % 3 != 0);
        vm.assertEq(market.burntWei(), 15 * uint256(priceWei) - half / 3 * 3);
        vm.assertEq(_everything(), before + 15 * uint256(priceWei));
    }

    function _everything() internal view returns (uint256 sum) {
        sum = market.burntWei() + _balance(provider) + _balance(challenger) + _balance(requester);
        for (uint256 i; i < VERIFIERS; ++i) {
            sum += _balance(_verifier(i));
        }
    }

    /// @dev Left while serving: paid out once the dispute is over, not before.
    function test_ASeatThatWasLeftOnDutyIsReleasedAfterwards() external {
        _contest(TASK);
        uint32[] memory ids = new uint32[](1);
        ids[0] = arbiter.committee(disputeId).seatIds[0];
        vm.prank(members[0]);
        market.leaveSeats(ids);
        vm.warp(_now() + 1000);
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.SeatOnDuty.selector, ids[0]));
        vm.prank(members[0]);
        market.releaseSeats(ids);
        arbiter.resolve(disputeId);
        vm.prank(members[0]);
        market.releaseSeats(ids);
        vm.assertEq(_balance(members[0]), FUNDS);
    }
}
