// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Params} from "../../src/types/Params.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Two of five members want to save a wrong provider, or to rob a right one, by saying that they had no
/// inputs, or that the result is out of tolerance: a lie that costs them their seats at most.
contract CoalitionsTest is Fixture {
    bytes32 internal constant OUT = TaskResult.OUT_OF_TOLERANCE;
    bytes32 internal constant UNAVAILABLE = TaskResult.UNAVAILABLE;

    uint256 internal disputeId;
    LeaseResult internal lease;
    address[] internal members;
    uint256 internal wrongTask;

    function _params() internal pure override returns (Params memory p) {
        p = super._params();
        p.committeeSize = 5;
    }

    function _contest(uint256 wrong) internal {
        vm.prank(provider);
        market.stake(100 ether);
        wrongTask = wrong;
        lease = _leaseWithFault(_openDefault(), 0, 4, wrong);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
        members = _drawCommittee(disputeId);
        while (members.length < 5) {
            disputeId = _dispute(batch, 0, uint32(members.length));
            members = _drawCommittee(disputeId);
        }
    }

    function _judge(bytes32 honest, bytes32 lie, bool isRevealed) internal {
        for (uint256 i; i < 5; ++i) {
            _vote(disputeId, members[i], i < 2 ? lie : honest);
        }
        for (uint256 i; i < 5; ++i) {
            if (i >= 2 || isRevealed) _reveal(disputeId, members[i], i < 2 ? lie : honest);
        }
        vm.warp(uint256(arbiter.committee(disputeId).revealBy) + 1);
        _openClaim(disputeId, lease, 1, wrongTask);
        arbiter.resolve(disputeId);
    }

    /// @dev What each of the coalition has in the end; its seat is gone, and its stake out, if that was left.
    function _requireLeftWith(uint256 leftWei) internal {
        vm.warp(_now() + 1000);
        for (uint256 i; i < 2; ++i) {
            uint32[] memory ids = new uint32[](1);
            ids[0] = arbiter.committee(disputeId).seatIds[i];
            (uint96 stakeWei,,) = market.seatStake(ids[0]);
            vm.assertTrue(market.seat(ids[0]).vacatedBlock != 0);
            if (stakeWei != 0) {
                vm.prank(members[i]);
                market.releaseSeats(ids);
            }
            vm.assertEq(_balance(members[i]), leftWei);
        }
    }

    /// @dev Fewer than two thirds have judged: nobody can tell who had the inputs.
    function _requireUnrewarded() internal view {
        for (uint256 i; i < 2; ++i) {
            uint32 seatId = arbiter.committee(disputeId).seatIds[i];
            (uint96 stakeWei,,) = market.seatStake(seatId);
            vm.assertEq(stakeWei, 100 ether);
            vm.assertEq(market.seat(seatId).vacatedBlock, 0);
            vm.assertEq(_balance(members[i]), FUNDS - 100 ether);
        }
    }

    function _requireHonestKeep(uint256 rewardWei) internal view {
        for (uint256 i = 2; i < 5; ++i) {
            uint32 seatId = arbiter.committee(disputeId).seatIds[i];
            (uint96 stakeWei,,) = market.seatStake(seatId);
            vm.assertEq(stakeWei, 100 ether);
            vm.assertEq(market.seat(seatId).vacatedBlock, 0);
            vm.assertEq(_balance(members[i]), FUNDS - 100 ether + rewardWei);
        }
    }

    function _saveAWrongProvider(bytes32 lie) internal {
        _contest(1);
        _judge(_honest(1), lie, true);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(_stakeOf(provider), 40 ether);
        _requireHonestKeep(4 ether);
    }

    function test_ByNoInputsNoWrongProviderIsSaved() external {
        _saveAWrongProvider(UNAVAILABLE);
        _requireUnrewarded();
    }

    function test_NorByOutOfTolerance() external {
        _saveAWrongProvider(OUT);
        _requireLeftWith(FUNDS);
    }

    function _robARightProvider(bytes32 lie) internal {
        _contest(NO_TASK);
        _judge(_honest(1), lie, true);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ChallengerLost);
        vm.assertEq(_stakeOf(provider), 100 ether);
        vm.assertEq(_balance(challenger), FUNDS - 15 ether);
        _requireHonestKeep(2.5 ether);
    }

    function test_ByNoInputsNoRightProviderIsRobbed() external {
        _robARightProvider(UNAVAILABLE);
        _requireUnrewarded();
    }

    function test_NorIsItByOutOfTolerance() external {
        _robARightProvider(OUT);
        _requireLeftWith(FUNDS);
    }

    function test_NoInputsAgainstOutOfTolerance() external {
        _contest(1);
        _judge(OUT, UNAVAILABLE, true);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.OutOfTolerance);
        vm.assertEq(_stakeOf(provider), 50 ether);
        uint256 each = uint256(10 ether) / 3;
        _requireHonestKeep(each);
        _requireUnrewarded();
    }

    function test_ADigestOfTheirOwnCostsTheirStakes() external {
        _contest(NO_TASK);
        _judge(_honest(1), keccak256("lie"), true);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ChallengerLost);
        _requireLeftWith(FUNDS - 100 ether);
    }

    function test_SoDoesAVoteThatTheyKeepShut() external {
        _contest(NO_TASK);
        _judge(_honest(1), UNAVAILABLE, false);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ChallengerLost);
        _requireLeftWith(FUNDS - 100 ether);
    }
}
