// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Requester, operator, provider and challenger are one: they dispute a task whose inputs
/// nobody can get, so that no honest member of the committee can vote. It must not cost them stake.
contract WithheldInputsTest is Fixture {
    uint256 internal disputeId;
    LeaseResult internal lease;
    address[] internal members;
    uint32[] internal seatIds;

    function setUp() public override {
        super.setUp();
        lease = _lease(_openDefault(), 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
        members = _drawCommittee(disputeId);
        seatIds = arbiter.committee(disputeId).seatIds;
        vm.assertEq(members.length, 3);
    }

    function _requireUnharmed(uint256 i) internal {
        (uint96 stakeWei,,) = market.seatStake(seatIds[i]);
        vm.assertEq(stakeWei, 100 ether);
        vm.assertEq(market.seat(seatIds[i]).vacatedBlock, vm.getBlockNumber());
        vm.warp(_now() + 1000);
        uint32[] memory ids = new uint32[](1);
        ids[0] = seatIds[i];
        vm.prank(members[i]);
        market.releaseSeats(ids);
        vm.assertEq(_balance(members[i]), FUNDS);
    }

    function test_WhenNobodyCanVote_SeatsAreKeptAndNothingBurns() external {
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.None);
        vm.assertEq(market.burntWei(), 0);
        for (uint256 i; i < 3; ++i) {
            (uint96 stakeWei,, uint32 duties) = market.seatStake(seatIds[i]);
            vm.assertEq(stakeWei, 100 ether);
            vm.assertEq(duties, 0);
            vm.assertEq(market.seat(seatIds[i]).vacatedBlock, 0);
        }
    }

    /// @dev Only the attackers' friends are given the inputs.
    function test_WhenOnlyFriendsCanVote_TheOthersKeepTheirStake() external {
        _vote(disputeId, members[0], _honest(1));
        _vote(disputeId, members[1], _honest(1));
        vm.warp(_now() + 21);
        _reveal(disputeId, members[0], _honest(1));
        _reveal(disputeId, members[1], _honest(1));
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _requireUnharmed(2);
    }

    // ------------------------------------------------------------------------------ who says so

    function _voteEach(bytes32[3] memory votes) internal {
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], votes[i]);
        }
        for (uint256 i; i < 3; ++i) {
            _reveal(disputeId, members[i], votes[i]);
        }
    }

    function _requireStakes() internal view {
        for (uint256 i; i < 3; ++i) {
            (uint96 stakeWei,,) = market.seatStake(seatIds[i]);
            vm.assertEq(stakeWei, 100 ether);
        }
    }

    /// @dev A lease of made-up results, which a friend among the verifiers has agreed with.
    function _contestGarbage() internal returns (bytes32 batchId) {
        bytes32 jobId = lease.jobId;
        lease = _leaseWithFault(jobId, 4, 4, 5);
        Batch memory batch;
        (batchId, batch) = _commitOne(lease);
        _passSeed(batchId);
        _accept(batch, _claimFor(batchId, batch, 0, 5, 0, 5));
        disputeId = _dispute(batch, 0, 5);
        members = _drawCommittee(disputeId);
        seatIds = arbiter.committee(disputeId).seatIds;
        vm.assertEq(members.length, 3);
    }

    /// @dev Nobody can say what would be right. So nobody is paid for what may be wrong.
    function test_WhenHonestMembersSaySo_GarbageAndItsFriendEarnNothing() external {
        bytes32 batchId = _contestGarbage();
        bytes32 word = TaskResult.UNAVAILABLE;
        _voteEach([word, word, word]);
        uint256 gang = _balance(provider) + _stakeOf(provider);
        address friend = market.seat(market.acceptedAudit(batchId, 0, 5, 0).seatId).holder;
        gang += _balance(friend);
        uint256 before = _balance(requester);
        _openClaim(disputeId, lease, 5, 5);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.Unavailable);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        _payAudit(_committed(batchId), 0, 5);
        vm.assertEq(_balance(provider) + _stakeOf(provider) + _balance(friend), gang);
        vm.assertEq(_balance(requester), before + 1.2 ether);
        vm.assertFalse(market.isTaskCommitted(lease.jobId, 5));
        _requireStakes();
        vm.assertEq(market.burntWei(), 0);
    }

    /// @dev What the garbage saved on the tasks that nobody drew, the operator pays, if it has anything.
    function test_WhenTheirOperatorHasAStake_TheyLoseByIt() external {
        token.mint(operator, 60 ether);
        vm.startPrank(operator);
        token.approve(address(market), 60 ether);
        market.deposit(60 ether);
        market.stake(60 ether);
        vm.stopPrank();
        _contestGarbage();
        bytes32 word = TaskResult.UNAVAILABLE;
        _voteEach([word, word, word]);
        _openClaim(disputeId, lease, 5, 5);
        uint256 before = _balance(requester);
        arbiter.resolve(disputeId);
        vm.assertEq(_stakeOf(operator), 10 ether);
        vm.assertEq(_balance(requester), before + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS - 15 ether + 5 ether);
        vm.assertEq(market.burntWei(), 44 ether);
        vm.assertEq(_balance(members[0]), FUNDS - 100 ether);
        _requireStakes();
    }

    /// @dev The friend sits on the committee too, and swears that the garbage is right: alone it does not decide.
    function test_NorWithAFriendOnTheCommittee() external {
        bytes32 batchId = _contestGarbage();
        bytes32 word = TaskResult.UNAVAILABLE;
        _voteEach([keccak256("wrong"), word, word]);
        uint256 before = _balance(requester);
        _openClaim(disputeId, lease, 5, 5);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.Unavailable);
        _payAudit(_committed(batchId), 0, 5);
        vm.assertEq(_balance(requester), before + 1.2 ether);
        vm.assertEq(_balance(members[0]), FUNDS - 100 ether);
        _requireStakes();
    }

    /// @dev Each of the three is shown the inputs, or is not: the one finds the digest, the other says so. Also
    /// where one of them is the attackers' and swears that garbage is right.
    function test_WhoeverIsShownTheInputs_NoHonestMemberLosesItsStake() external {
        uint256 state = vm.snapshotState();
        for (uint256 mix; mix < 3 * 3 * 3; ++mix) {
            _contestGarbage();
            bytes32[3] memory ways = [TaskResult.UNAVAILABLE, _honest(5), keccak256("wrong")];
            uint256[3] memory which = [mix % 3, mix / 3 % 3, mix / 9];
            uint256 liars = _count(which, 2);
            _voteEach([ways[which[0]], ways[which[1]], ways[which[2]]]);
            _openClaim(disputeId, lease, 5, 5);
            vm.warp(uint256(arbiter.committee(disputeId).openBy) + 1);
            arbiter.resolve(disputeId);
            for (uint256 i; i < 3; ++i) {
                if (which[i] == 2 || liars > 1) continue; // most of a committee is honest
                (uint96 stakeWei,,) = market.seatStake(seatIds[i]);
                vm.assertEq(stakeWei, 100 ether);
            }
            vm.assertTrue(vm.revertToState(state));
        }
    }

    function _count(uint256[3] memory which, uint256 way) private pure returns (uint256 count) {
        for (uint256 i; i < 3; ++i) {
            if (which[i] == way) ++count;
        }
    }
}
