// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBisectionArbiter} from "../../src/interfaces/IBisectionArbiter.sol";
import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Dispute, DisputeStatus, Verdict} from "../../src/types/Dispute.sol";
import {ExecutionState, GamePhase} from "../../src/types/Game.sol";
import {Job} from "../../src/types/Job.sol";
import {vm} from "../Vm.sol";
import {GameStage} from "./GameStage.sol";

/// @notice How games end, and what becomes of money and seats.
contract GameEndingsTest is GameStage {
    uint256 internal constant SLASH_WEI = 60 ether;

    function _requireRuled(Verdict verdict, bytes32 digest) internal view {
        Dispute memory ruled = market.dispute(disputeId);
        vm.assertTrue(ruled.status == DisputeStatus.Resolved);
        vm.assertTrue(ruled.verdict == verdict);
        vm.assertEq(ruled.ruledDigest, digest);
        for (uint32 i; i < VERIFIERS; ++i) {
            (,, uint32 duties) = market.seatStake(i);
            vm.assertEq(duties, 0);
        }
    }

    function _seatOf(address holder) internal view returns (uint32 seatId) {
        while (market.seat(seatId).holder != holder) ++seatId;
    }

    function _stakeOfSeat(uint32 seatId) internal view returns (uint256 stakeWei) {
        (stakeWei,,) = market.seatStake(seatId);
    }

    function _isSlashed() internal view returns (bool) {
        return _stakeOf(provider) == 4000 ether - SLASH_WEI;
    }

    function _appeal(uint256 verifier) internal {
        vm.prank(_verifier(verifier));
        games.appeal(disputeId, uint32(verifier));
    }

    // ------------------------------------------------------------------------------ clocks

    function test_AProviderThatIsSilentIsSlashed() external {
        _contestWrong();
        _offer(8, WRONG);
        _accept();
        uint256 before = _balance(challenger);
        vm.warp(_game().moveBy + 1);
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, WRONG);
        vm.assertTrue(_isSlashed());
        vm.assertEq(_balance(challenger) - before, 15 ether + SLASH_WEI * 15 / 100);
    }

    /// @dev Nobody found another digest: who was paid for the claimed one keeps its seat. A provider
    /// with the right result could else lose on purpose to have honest verifiers' seats taken.
    function test_LosingByTheClockContradictsNobody() external {
        _contestRight();
        _offer(8, _honest(1));
        _accept();
        vm.warp(_game().moveBy + 1);
        games.resolve(disputeId);
        bytes32[] memory proof = _proof(NO_TASK);
        _expect(abi.encodeWithSelector(IMarketErrors.NotContradicted.selector, disputeId));
        market.contradict(disputeId, 0, _honest(1), _salt(1), proof);
    }

    function test_AChallengerThatIsSilentLosesItsBond() external {
        _winByClock();
        vm.assertTrue(_isIn(GamePhase.Won));
        uint256 appealBy = _game().moveBy;
        vm.assertEq(appealBy, _now() + 30);
        _expect(
            abi.encodeWithSelector(
                IBisectionArbiter.AppealPeriodRunning.selector, disputeId, appealBy
            )
        );
        games.resolve(disputeId);
        uint256 burnt = market.burntWei();
        uint256 before = _balance(challenger);
        _passAppeal();
        games.resolve(disputeId);
        _requireRuled(Verdict.ChallengerLost, _honest(1));
        vm.assertEq(_balance(challenger), before);
        vm.assertEq(market.burntWei() - burnt, 15 ether);
    }

    function test_RevertWhen_ACommitteeIsDrawnAfterTheClock() external {
        _winByClock();
        _expect(abi.encodeWithSelector(IBisectionArbiter.GameRunning.selector, disputeId));
        games.drawCommittee(disputeId);
    }

    // ------------------------------------------------------------------------------ one stretch

    function test_AWrongStretchCostsTheProviderItsStake() external {
        _narrowWrong(8, 5);
        address[] memory members = _judge(_honestState(6, 9));
        uint256 before = _balance(members[0]);
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, WRONG);
        vm.assertTrue(_isSlashed());
        vm.assertEq(_balance(members[0]) - before, SLASH_WEI * 20 / 100 / 3);
    }

    function test_TheLastStretchLeadsToTheClaim() external {
        _narrowWrong(8, 7);
        _judge(ExecutionState.ended(_honest(1)));
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, WRONG);
    }

    /// @dev That of a committee for the whole task is public only after its votes; this one was told.
    function test_RevertWhen_TheClaimOfAStretchIsOpened() external {
        _narrowRight(8, 5);
        _judge(_honestState(6, 8));
        bytes32[] memory proof = _proof(NO_TASK);
        _expect(abi.encodeWithSelector(ICommitteeArbiter.ClaimAlreadyOpened.selector, disputeId));
        games.openClaim(disputeId, _honest(1), _salt(1), proof);
    }

    function test_ARightStretchCostsTheChallengerItsBond() external {
        _narrowRight(8, 5);
        address[] memory members = _judge(_honestState(6, 8));
        games.resolve(disputeId);
        vm.assertTrue(_isIn(GamePhase.Won));
        uint256 before = _balance(members[0]);
        _passAppeal();
        games.resolve(disputeId);
        _requireRuled(Verdict.ChallengerLost, _honest(1));
        vm.assertEq(_balance(members[0]) - before, 2.5 ether);
    }

    function test_AStretchsCommitteeWaitsForTheConcession() external {
        _narrowWrong(8, 5);
        uint256 concedeBy = market.dispute(disputeId).openedAt + 10;
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.ConcedePhaseRunning.selector, disputeId, concedeBy
            )
        );
        games.drawCommittee(disputeId);
    }

    function test_RevertWhen_TheVoteIsNotOver() external {
        _narrowWrong(8, 5);
        _expect(abi.encodeWithSelector(ICommitteeArbiter.CommitteeNotDrawn.selector, disputeId));
        games.resolve(disputeId);
        address[] memory members = _drawCommittee(disputeId);
        _vote(disputeId, members[0], keccak256("vote"));
        uint256 revealBy = games.committee(disputeId).revealBy;
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.RevealPhaseRunning.selector, disputeId, revealBy
            )
        );
        games.resolve(disputeId);
    }

    function test_WhoRevealsAgainstTheStretchsMajorityLosesItsSeat() external {
        _narrowWrong(8, 5);
        address[] memory members = _drawCommittee(disputeId);
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], i == 2 ? keccak256("lie") : _honestState(6, 9));
        }
        for (uint256 i; i < 3; ++i) {
            _reveal(disputeId, members[i], i == 2 ? keccak256("lie") : _honestState(6, 9));
        }
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, WRONG);
        vm.assertEq(_stakeOfSeat(_seatOf(members[2])), 0);
        vm.assertEq(_stakeOfSeat(_seatOf(members[1])), 100 ether);
    }

    // ------------------------------------------------------------------------------ escalation

    /// @dev What the two agreed on may be their secret, so that no member can run the stretch.
    function test_WithoutVotesTheWholeTaskIsJudged() external {
        _narrowWrong(8, 5);
        address[] memory members = _drawCommittee(disputeId);
        vm.warp(games.committee(disputeId).revealBy + 1);
        vm.expectEmit(address(games));
        emit IBisectionArbiter.GameEscalated(disputeId);
        games.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).status == DisputeStatus.Open);
        vm.assertEq(games.committee(disputeId).members.length, 0);
        vm.assertEq(games.stretchCommittee(disputeId).members.length, 3);
        _judge(_honest(1));
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, _honest(1));
        vm.assertEq(_stakeOfSeat(_seatOf(members[0])), 100 ether);
    }

    function test_WithoutAMajorityTheWholeTaskIsJudged() external {
        _narrowRight(8, 5);
        address[] memory members = _drawCommittee(disputeId);
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], keccak256(abi.encode(i)));
        }
        for (uint256 i; i < 2; ++i) {
            _reveal(disputeId, members[i], keccak256(abi.encode(i)));
        }
        vm.warp(games.committee(disputeId).revealBy + 1);
        games.resolve(disputeId);
        vm.assertTrue(_isIn(GamePhase.Full));
        _judge(_honest(1));
        games.resolve(disputeId);
        _requireRuled(Verdict.ChallengerLost, _honest(1));
        vm.assertEq(_stakeOfSeat(_seatOf(members[0])), 100 ether);
        vm.assertEq(_stakeOfSeat(_seatOf(members[1])), 100 ether);
        vm.assertEq(_stakeOfSeat(_seatOf(members[2])), 0); // voted, and did not reveal
    }

    function test_WithoutACommitteeTheDisputeEndsAsWithoutGames() external {
        _forward(1);
        for (uint32 i; i < VERIFIERS; ++i) {
            uint32[] memory ids = new uint32[](1);
            ids[0] = i;
            vm.prank(_verifier(i));
            market.leaveSeats(ids);
        }
        _forward(1);
        _narrowWrong(8, 5);
        vm.assertEq(_drawCommittee(disputeId).length, 0);
        games.resolve(disputeId);
        vm.assertTrue(_isIn(GamePhase.Full));
        vm.assertEq(_drawCommittee(disputeId).length, 0);
        games.resolve(disputeId);
        _requireRuled(Verdict.None, 0);
    }

    // ------------------------------------------------------------------------------ appeals

    function test_RevertWhen_ThereIsNothingToAppeal() external {
        _narrowRight(8, 5);
        bytes memory notNow = abi.encodeWithSelector(IBisectionArbiter.NotNow.selector, disputeId);
        _expect(notNow);
        _appeal(0);
        _judge(_honestState(6, 8));
        games.resolve(disputeId);
        uint256 appealBy = _game().moveBy;
        vm.warp(appealBy + 1);
        _expect(
            abi.encodeWithSelector(IBisectionArbiter.AppealPeriodOver.selector, disputeId, appealBy)
        );
        _appeal(0);
        vm.warp(appealBy);
        _appeal(0);
        _expect(notNow);
        _appeal(1);
    }

    /// @dev A challenger's clock may run out while the provider may still concede. A concession would leave
    /// the seat on duty for ever.
    function test_RevertWhen_TheProviderMayConcede() external {
        _contestRight();
        uint256 concedeBy = _now() + 10;
        _offer(8, _honest(1));
        _accept();
        _tell(_honestState(4, 8));
        vm.store(address(games), _gameSlot(), _withMoveBy(_now() - 1));
        games.resolve(disputeId);
        vm.assertEq(_game().moveBy, concedeBy + 30);
        _expect(
            abi.encodeWithSelector(
                ICommitteeArbiter.ConcedePhaseRunning.selector, disputeId, concedeBy
            )
        );
        _appeal(0);
        vm.warp(concedeBy + 1);
        _appeal(0);
    }

    /// @dev Clocks are longer than the window here; with others they may be shorter.
    function _gameSlot() internal view returns (bytes32) {
        return keccak256(abi.encode(disputeId, uint256(1)));
    }

    function _withMoveBy(uint256 moveBy) internal view returns (bytes32) {
        uint256 word = uint256(vm.load(address(games), _gameSlot()));
        uint256 mask = uint256(type(uint40).max) << 56;
        return bytes32(word & ~mask | moveBy << 56);
    }

    function test_RevertWhen_TheSeatCannotAppeal() external {
        _winByClock();
        _expect(
            abi.encodeWithSelector(IBisectionArbiter.NotAParty.selector, _verifier(1), _verifier(0))
        );
        vm.prank(_verifier(0));
        games.appeal(disputeId, 1);
        uint32[] memory ids = new uint32[](1);
        vm.prank(_verifier(0));
        market.leaveSeats(ids);
        _expect(abi.encodeWithSelector(IBisectionArbiter.SeatCannotAppeal.selector, 0));
        _appeal(0);
    }

    function test_AnAppealHoldsTheSeatAndKeepsItsHolderOffTheCommittee() external {
        _winByClock();
        vm.expectEmit(address(games));
        emit IBisectionArbiter.Appealed(disputeId, _verifier(2), 2);
        _appeal(2);
        (,, uint32 duties) = market.seatStake(2);
        vm.assertEq(duties, 1);
        address[] memory members = _drawCommittee(disputeId);
        vm.assertEq(members.length, 3);
        for (uint256 i; i < members.length; ++i) {
            vm.assertTrue(members[i] != _verifier(2));
        }
    }

    /// @dev The cheater's friend contests first, and plays badly. One verifier that has looked at the claim
    /// undoes it.
    function test_AGameThatWasLostOnPurposeIsAppealed() external {
        _contestWrong();
        _offer(8, WRONG);
        _accept();
        _tell(keccak256("whatever"));
        _wait(41);
        games.resolve(disputeId);
        _appeal(2);
        uint256 before = _balance(_verifier(2));
        address[] memory members = _judge(_honest(1));
        uint256 memberBefore = _balance(members[0]);
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, _honest(1));
        vm.assertTrue(_isSlashed());
        vm.assertEq(_balance(_verifier(2)) - before, SLASH_WEI * 20 / 100 / 4);
        vm.assertEq(_balance(members[0]) - memberBefore, SLASH_WEI * 20 / 100 / 4);
        vm.assertEq(_stakeOfSeat(2), 100 ether);
    }

    /// @dev They agree on a state that is false, from which the claim follows rightly.
    function test_AFalseStateThatBothAgreeOnIsAppealed() external {
        _contestWrong();
        _offer(8, WRONG);
        _accept();
        while (_isIn(GamePhase.Telling)) {
            _tell(_falseState(_middle(), 8, 0));
            _answer(true);
        }
        vm.assertEq(_game().low, 7);
        address[] memory first = _judge(ExecutionState.ended(WRONG));
        games.resolve(disputeId);
        vm.assertTrue(_isIn(GamePhase.Won));
        _appeal(_seatOf(first[0])); // the appellant may have voted for it
        _judge(_honest(1));
        games.resolve(disputeId);
        _requireRuled(Verdict.ProviderLost, _honest(1));
        vm.assertEq(_stakeOfSeat(_seatOf(first[0])), 100 ether);
        vm.assertEq(_stakeOfSeat(_seatOf(first[1])), 100 ether);
    }

    function test_AnAppealWithoutReasonCostsTheSeat() external {
        _winByClock();
        _appeal(2);
        uint256 burnt = market.burntWei();
        _judge(_honest(1));
        games.resolve(disputeId);
        _requireRuled(Verdict.ChallengerLost, _honest(1));
        vm.assertEq(_stakeOfSeat(2), 0);
        vm.assertEq(market.burntWei() - burnt, 100 ether + 15 ether - 7.5 ether);
    }

    function test_AnAppealThatNobodyJudgesCostsNothing() external {
        _winByClock();
        _appeal(2);
        _drawCommittee(disputeId);
        vm.warp(games.committee(disputeId).revealBy + 1);
        games.resolve(disputeId);
        _requireRuled(Verdict.None, 0);
        vm.assertEq(_stakeOfSeat(2), 100 ether);
        vm.assertEq(_balance(challenger), FUNDS);
    }

    // ------------------------------------------------------------------------------ moot

    function test_AGameAboutALostLeaseEndsAtOnce() external {
        for (uint256 stage; stage < 4; ++stage) {
            _mootAt(stage);
        }
    }

    function _mootAt(uint256 stage) internal {
        // Each in a job of its own: a lost lease's tasks are free again.
        Job memory job = _job();
        job.nonce = 10 + stage;
        lease = _lease(_open(job), 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
        uint256 other = _dispute(batch, 0, 2);
        _offer(8, _honest(1));
        _accept();
        if (stage > 0) _tell(_honestState(4, 8));
        if (stage > 1) {
            _wait(41);
            games.resolve(disputeId);
        }
        if (stage > 2) _appeal(2);
        _lose(other, stage);
        games.resolve(disputeId);
        _requireRuled(Verdict.None, 0);
    }

    function _lose(uint256 other, uint256 stage) internal {
        if (stage < 2) {
            vm.prank(provider);
            market.concede(other);
            return;
        }
        address[] memory members = _drawCommittee(other);
        _voteAll(other, members, keccak256("another"));
        vm.warp(games.committee(other).openBy + 1);
        games.resolve(other);
    }
}
