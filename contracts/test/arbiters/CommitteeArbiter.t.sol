// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CommitteeArbiter} from "../../src/arbiters/CommitteeArbiter.sol";
import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Sampling} from "../../src/libraries/Sampling.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Ruling} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice The phases of a committee. How disputes end is in Resolve.t.sol.
contract CommitteeArbiterTest is Fixture {
    uint256 internal disputeId;
    address[] internal members;
    LeaseResult internal lease;

    function setUp() public override {
        super.setUp();
        bytes32 jobId = _openDefault();
        lease = _lease(jobId, 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
    }

    function _draw() internal {
        members = _drawCommittee(disputeId);
    }

    function _commitAll() internal {
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], _honest(1));
        }
    }

    function _revealAll() internal {
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], _honest(1));
        }
    }

    function _commitBy() internal view returns (uint256) {
        return arbiter.committee(disputeId).commitBy;
    }

    function _error(bytes4 selector, uint256 argument) internal view returns (bytes memory) {
        return abi.encodeWithSelector(selector, disputeId, argument);
    }

    // ------------------------------------------------------------------------------ drawing

    function test_DrawsDifferentHoldersWithoutTheParties() external {
        vm.prank(challenger);
        market.takeSeats(10); // too late to be drawn
        _draw();
        vm.assertEq(members.length, 3);
        for (uint256 i; i < 3; ++i) {
            vm.assertTrue(members[i] != challenger && members[i] != provider);
            for (uint256 k; k < i; ++k) {
                vm.assertTrue(members[i] != members[k]);
            }
        }
    }

    /// @dev All four sides hold most of the seats; at least one committee of many would meet them.
    function test_NeverDrawsAPartyOfTheDispute() external {
        _sit(operator);
        _sit(provider);
        _sit(requester);
        _sit(challenger);
        _forward(1);
        bytes32 jobId = _openAnother();
        for (uint32 task; task < 8; ++task) {
            (, Batch memory batch) = _commitOne(_lease(jobId, task, 1));
            disputeId = _dispute(batch, 0, task);
            _draw();
            vm.assertTrue(members.length != 0);
            for (uint256 i; i < members.length; ++i) {
                vm.assertTrue(_verifierKey(members[i]) != 0);
            }
        }
    }

    function _openAnother() internal returns (bytes32) {
        Job memory job = _job();
        job.nonce = 2;
        return _open(job);
    }

    function _sit(address who) internal {
        if (_balance(who) == 0) _fund(who);
        vm.prank(who);
        market.takeSeats(10);
    }

    function test_DrawsTheSeatsThatTheSeedNames() external {
        _draw();
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        bytes32 seed = blockhash(drawn.seedBlock);
        vm.assertEq(drawn.seatIds[0], Sampling.committeeSeat(seed, disputeId, 0, 5));
        (,, uint32 duties) = market.seatStake(drawn.seatIds[0]);
        vm.assertEq(duties, 1);
    }

    function test_SeatsLeftAfterTheOpeningStillServe() external {
        _forward(1);
        for (uint32 i; i < VERIFIERS; ++i) {
            uint32[] memory ids = new uint32[](1);
            ids[0] = i;
            vm.prank(_verifier(i));
            market.leaveSeats(ids);
        }
        _draw();
        vm.assertEq(members.length, 3);
    }

    /// @dev Slashed in another dispute since this one was opened. Those who were paid out since are in
    /// attacks/SeatsWithoutStake.t.sol.
    function test_PassesOverSeatsWithoutStake() external {
        _forward(1);
        uint32[] memory slashed = new uint32[](3);
        (slashed[0], slashed[1], slashed[2]) = (0, 1, 2);
        _slash(slashed);
        _draw();
        vm.assertEq(members.length, 2);
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        for (uint256 i; i < 2; ++i) {
            vm.assertTrue(drawn.seatIds[i] > 2);
            vm.assertEq(members[i], market.seat(drawn.seatIds[i]).holder);
        }
    }

    function _slash(uint32[] memory seatIds) internal {
        (, Batch memory batch) = _commitOne(_lease(_openAnother(), 0, 4));
        uint256 other = _dispute(batch, 0, 1);
        Ruling memory ruling;
        (ruling.seatIds, ruling.offenders) = (seatIds, 7);
        vm.startPrank(address(arbiter));
        market.holdSeats(other, seatIds);
        market.rule(other, ruling);
        vm.stopPrank();
        for (uint256 i; i < seatIds.length; ++i) {
            (uint96 stakeWei,, uint32 duties) = market.seatStake(seatIds[i]);
            vm.assertEq(uint256(stakeWei) + duties, 0);
        }
    }

    function _expectCalled() internal returns (uint256 seedBlock) {
        seedBlock = vm.getBlockNumber() + 2;
        vm.expectEmit(address(arbiter));
        emit ICommitteeArbiter.CommitteeCalled(disputeId, uint64(seedBlock));
        vm.prank(stranger);
        arbiter.drawCommittee(disputeId);
        ICommitteeArbiter.Committee memory called = arbiter.committee(disputeId);
        vm.assertEq(called.seedBlock, seedBlock);
        vm.assertFalse(called.isDrawn);
        vm.assertEq(called.members.length, 0);
        vm.assertEq(called.commitBy, 0);
    }

    /// @dev A provider that knew its committee would fight before a friendly one, and else concede.
    function test_NobodyKnowsTheCommitteeWhileTheProviderMayConcede() external {
        _forward(5);
        uint256 lastMoment = _now();
        _expect(_error(ICommitteeArbiter.ConcedePhaseRunning.selector, lastMoment));
        arbiter.drawCommittee(disputeId);
        vm.assertEq(arbiter.committee(disputeId).seedBlock, 0);
        vm.warp(lastMoment + 1);
        uint256 seedBlock = _expectCalled();
        vm.assertTrue(seedBlock > vm.getBlockNumber());
        _expect(
            abi.encodeWithSelector(IMarketErrors.ConcedePeriodOver.selector, disputeId, lastMoment)
        );
        vm.prank(provider);
        market.concede(disputeId);
    }

    /// @dev However late the first call comes: the block that it names is still to come.
    function test_TheFirstCallOnlyNamesALaterBlock() external {
        _forward(300);
        _expectCalled();
        _forward(3);
        arbiter.drawCommittee(disputeId);
        vm.assertTrue(arbiter.committee(disputeId).isDrawn);
    }

    function test_RevertWhen_TheSeedBlockIsNotMined() external {
        _forward(6);
        uint256 seedBlock = _expectCalled();
        for (; vm.getBlockNumber() <= seedBlock; _forward(1)) {
            _expect(_error(ICommitteeArbiter.CommitteeSeedNotReady.selector, seedBlock));
            arbiter.drawCommittee(disputeId);
        }
        arbiter.drawCommittee(disputeId);
        vm.assertTrue(arbiter.committee(disputeId).isDrawn);
    }

    function test_IsCalledAgain_WhenTheSeedIsLost() external {
        _callCommittee(disputeId);
        _forward(300);
        uint256 seedBlock = _expectCalled();
        _expect(_error(ICommitteeArbiter.CommitteeSeedNotReady.selector, seedBlock));
        arbiter.drawCommittee(disputeId);
        _forward(3);
        arbiter.drawCommittee(disputeId);
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        vm.assertTrue(drawn.isDrawn);
        vm.assertEq(drawn.seatIds[0], Sampling.committeeSeat(blockhash(seedBlock), disputeId, 0, 5));
    }

    function test_RevertWhen_DrawnBefore() external {
        _draw();
        _expect(abi.encodeWithSelector(ICommitteeArbiter.CommitteeAlreadyDrawn.selector, disputeId));
        arbiter.drawCommittee(disputeId);
    }

    function test_RevertWhen_TheDisputeIsUnknownOrOver() external {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 9));
        arbiter.drawCommittee(9);
        vm.prank(provider);
        market.concede(disputeId);
        _expect(abi.encodeWithSelector(ICommitteeArbiter.DisputeNotOpen.selector, disputeId));
        arbiter.drawCommittee(disputeId);
        _expect(abi.encodeWithSelector(ICommitteeArbiter.DisputeNotOpen.selector, disputeId));
        arbiter.resolve(disputeId);
    }

    // ------------------------------------------------------------------------------ committing

    function test_ADeviceOfAMemberMayVote() external {
        _draw();
        _delegate(_verifierKey(members[0]), stranger, uint40(START + 1 days), 1);
        vm.prank(stranger);
        arbiter.commitVote(disputeId, keccak256("vote"));
        vm.assertEq(arbiter.committee(disputeId).commitments[0], keccak256("vote"));
    }

    function test_RevertWhen_ACommitterIsNoMember() external {
        _draw();
        _expect(abi.encodeWithSelector(ICommitteeArbiter.NotAMember.selector, disputeId, stranger));
        vm.prank(stranger);
        arbiter.commitVote(disputeId, keccak256("vote"));
    }

    function test_RevertWhen_CommittingTwiceOrNothing() external {
        _draw();
        vm.startPrank(members[0]);
        vm.expectRevert(ICommitteeArbiter.EmptyCommitment.selector);
        arbiter.commitVote(disputeId, 0);
        arbiter.commitVote(disputeId, keccak256("vote"));
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.AlreadyCommitted.selector, disputeId, members[0]
            )
        );
        arbiter.commitVote(disputeId, keccak256("vote"));
        vm.stopPrank();
    }

    function test_RevertWhen_CommittingLate() external {
        _draw();
        vm.warp(_commitBy() + 1);
        _expect(_error(ICommitteeArbiter.CommitPhaseOver.selector, _commitBy()));
        vm.prank(members[0]);
        arbiter.commitVote(disputeId, keccak256("vote"));
    }

    function test_RevertWhen_CommittingBeforeTheDraw() external {
        _expect(abi.encodeWithSelector(ICommitteeArbiter.CommitteeNotDrawn.selector, disputeId));
        arbiter.commitVote(disputeId, keccak256("vote"));
        _expect(abi.encodeWithSelector(ICommitteeArbiter.CommitteeNotDrawn.selector, disputeId));
        arbiter.resolve(disputeId);
    }

    // ------------------------------------------------------------------------------ revealing

    function test_RevertWhen_RevealingWhileOthersCommit() external {
        _draw();
        _vote(disputeId, members[0], _honest(1));
        _expect(_error(ICommitteeArbiter.CommitPhaseRunning.selector, _commitBy()));
        _reveal(disputeId, members[0], _honest(1));
    }

    function test_RevealsAsSoonAsAllHaveCommitted() external {
        _draw();
        _commitAll();
        _reveal(disputeId, members[0], _honest(1));
        vm.assertEq(arbiter.committee(disputeId).digests[0], _honest(1));
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.AlreadyRevealed.selector, disputeId, members[0]
            )
        );
        _reveal(disputeId, members[0], _honest(1));
    }

    function test_RevertWhen_TheRevealIsAnother() external {
        _draw();
        _commitAll();
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.CommitmentMismatch.selector, disputeId, members[0]
            )
        );
        _reveal(disputeId, members[0], keccak256("another"));
    }

    /// @dev A commitment names its maker: a copy cannot be revealed.
    function test_RevertWhen_ACommitmentIsCopied() external {
        _draw();
        _vote(disputeId, members[0], _honest(1));
        bytes32 copied = arbiter.committee(disputeId).commitments[0];
        vm.prank(members[1]);
        arbiter.commitVote(disputeId, copied);
        _vote(disputeId, members[2], _honest(1));
        _reveal(disputeId, members[0], _honest(1));
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.CommitmentMismatch.selector, disputeId, members[1]
            )
        );
        _reveal(disputeId, members[1], _honest(1));
    }

    function test_RevertWhen_RevealingLate() external {
        _draw();
        _commitAll();
        uint256 revealBy = arbiter.committee(disputeId).revealBy;
        vm.warp(revealBy + 1);
        _expect(_error(ICommitteeArbiter.RevealPhaseOver.selector, revealBy));
        _reveal(disputeId, members[0], _honest(1));
    }

    // ------------------------------------------------------------------------------ opening

    function test_RevertWhen_OpeningBeforeAllHaveRevealed() external {
        _draw();
        _commitAll();
        uint256 revealBy = arbiter.committee(disputeId).revealBy;
        _expect(_error(ICommitteeArbiter.RevealPhaseRunning.selector, revealBy));
        arbiter.openClaim(disputeId, _honest(1), _salt(1), new bytes32[](0));
        _expect(_error(ICommitteeArbiter.RevealPhaseRunning.selector, revealBy));
        arbiter.resolve(disputeId);
    }

    function test_OpensOnce() external {
        _draw();
        _commitAll();
        _revealAll();
        _openClaim(disputeId, lease, 1, NO_TASK);
        vm.assertEq(arbiter.committee(disputeId).claimedDigest, _honest(1));
        _expect(abi.encodeWithSelector(ICommitteeArbiter.ClaimAlreadyOpened.selector, disputeId));
        arbiter.openClaim(disputeId, _honest(1), _salt(1), new bytes32[](0));
    }

    function test_RevertWhen_TheOpeningDoesNotMatch() external {
        _draw();
        _commitAll();
        _revealAll();
        _expect(abi.encodeWithSelector(ICommitteeArbiter.ClaimMismatch.selector, disputeId));
        arbiter.openClaim(disputeId, _honest(2), _salt(2), new bytes32[](2));
    }

    function test_RevertWhen_OpeningLate() external {
        _draw();
        _commitAll();
        _revealAll();
        uint256 openBy = arbiter.committee(disputeId).openBy;
        _expect(_error(ICommitteeArbiter.OpenPhaseRunning.selector, openBy));
        arbiter.resolve(disputeId);
        vm.warp(openBy + 1);
        _expect(_error(ICommitteeArbiter.OpenPhaseOver.selector, openBy));
        arbiter.openClaim(disputeId, _honest(1), _salt(1), new bytes32[](0));
    }

    // ------------------------------------------------------------------------------ authority

    function test_RevertWhen_SomebodyElseRules() external {
        Ruling memory ruling;
        _expect(
            abi.encodeWithSelector(IMarketErrors.NotTheArbiter.selector, address(arbiter), stranger)
        );
        vm.prank(stranger);
        market.rule(disputeId, ruling);
    }

    function test_RevertWhen_MarketNamesAnotherArbiter() external {
        _expect(abi.encodeWithSelector(ICommitteeArbiter.NotItsArbiter.selector, address(arbiter)));
        new CommitteeArbiter(market);
    }
}
