// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBisectionArbiter} from "../../src/interfaces/IBisectionArbiter.sol";
import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {DisputeStatus, Verdict} from "../../src/types/Dispute.sol";
import {ExecutionState, Game, GamePhase, GameTimes} from "../../src/types/Game.sol";
import {vm} from "../Vm.sol";
import {GameStage} from "./GameStage.sol";

/// @notice The moves of a game. How games end is in GameEndings.t.sol.
contract BisectionArbiterTest is GameStage {
    function _error(bytes4 selector, uint256 argument) internal view returns (bytes memory) {
        return abi.encodeWithSelector(selector, disputeId, argument);
    }

    function _notAParty(address party, address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IBisectionArbiter.NotAParty.selector, party, caller);
    }

    function _notNow() internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBisectionArbiter.NotNow.selector, disputeId);
    }

    function _start(uint16 stretches) internal {
        _contestRight();
        _offer(stretches, _honest(1));
        _accept();
    }

    // ------------------------------------------------------------------------------ constructor

    function test_RevertWhen_APeriodHasNoLength() external {
        for (uint256 i; i < 4; ++i) {
            GameTimes memory t = _times();
            if (i == 0) t.acceptSeconds = 0;
            if (i == 1) t.clockSeconds = 0;
            if (i == 2) t.extensionSeconds = 0;
            if (i == 3) t.appealSeconds = 0;
            _expectDeployed(t, abi.encodeWithSelector(IBisectionArbiter.EmptyPeriod.selector));
        }
    }

    /// @dev Stakes stay for 1000 s: a dispute may last four fifths of that.
    function test_RevertWhen_AGameCouldOutlastAStake() external {
        GameTimes memory t = _times();
        t.appealSeconds = 30 + 800 - 450;
        vm.assertEq(address(_deployGames(t)).code.length, address(games).code.length);
        t.appealSeconds += 1;
        _expectDeployed(t, abi.encodeWithSelector(IBisectionArbiter.GameTooLong.selector, 801, 800));
    }

    function _expectDeployed(GameTimes memory t, bytes memory error_) internal {
        _announce();
        _expect(error_);
        vm.deployCode("BisectionArbiter.sol:BisectionArbiter", abi.encode(market, t));
    }

    function _deployGames(GameTimes memory t) internal returns (address) {
        _announce();
        return vm.deployCode("BisectionArbiter.sol:BisectionArbiter", abi.encode(market, t));
    }

    /// @dev Market names the arbiter that is deployed next.
    function _announce() internal {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(address(market), abi.encodeWithSignature("arbiter()"), abi.encode(next));
    }

    // ------------------------------------------------------------------------------ offering

    function test_OffersWithTheClaimAndItsEnd() external {
        _contestWrong();
        vm.expectEmit(address(games));
        emit IBisectionArbiter.GameOffered(disputeId, 9, WRONG, uint40(_now()) + 10);
        _offer(9, WRONG);
        Game memory offered = _game();
        vm.assertTrue(offered.phase == GamePhase.Offered);
        vm.assertEq(uint256(offered.low) + offered.high, 9);
        vm.assertEq(offered.lowState, 0);
        vm.assertEq(offered.highState, sha256(abi.encodePacked("fallow end 1", WRONG)));
        vm.assertEq(arbiter.committee(disputeId).claimedDigest, WRONG);
        vm.assertTrue(arbiter.committee(disputeId).isClaimOpened);
    }

    function test_RevertWhen_AStrangerOffers() external {
        _contestRight();
        bytes32[] memory proof = _proof(NO_TASK);
        address[2] memory others = [stranger, challenger];
        for (uint256 i; i < others.length; ++i) {
            _expect(_notAParty(provider, others[i]));
            vm.prank(others[i]);
            games.offerGame(disputeId, 8, _honest(1), _salt(1), proof);
        }
    }

    function test_RevertWhen_OfferedTwiceOrOfNoLength() external {
        _contestRight();
        bytes32[] memory proof = _proof(NO_TASK);
        uint16[2] memory lengths = [uint16(0), 4097];
        for (uint256 i; i < lengths.length; ++i) {
            _expect(
                abi.encodeWithSelector(IBisectionArbiter.NoSuchGame.selector, uint256(lengths[i]))
            );
            vm.prank(provider);
            games.offerGame(disputeId, lengths[i], _honest(1), _salt(1), proof);
        }
        _offer(4096, _honest(1));
        _expect(_notNow());
        vm.prank(provider);
        games.offerGame(disputeId, 8, _honest(1), _salt(1), proof);
    }

    function test_RevertWhen_TheOfferIsLate() external {
        _contestRight();
        bytes32[] memory proof = _proof(NO_TASK);
        uint256 offerBy = _now() + 10;
        vm.warp(offerBy + 1);
        _expect(_error(IBisectionArbiter.OfferPeriodOver.selector, offerBy));
        vm.prank(provider);
        games.offerGame(disputeId, 8, _honest(1), _salt(1), proof);
        games.drawCommittee(disputeId); // at once, as without games
        vm.assertTrue(games.committee(disputeId).seedBlock != 0);
    }

    function test_RevertWhen_TheOfferIsNotWhatWasCommitted() external {
        _contestWrong();
        bytes memory mismatch =
            abi.encodeWithSelector(ICommitteeArbiter.ClaimMismatch.selector, disputeId);
        bytes32[] memory proof = _proof(1);
        vm.startPrank(provider);
        _expect(mismatch);
        games.offerGame(disputeId, 8, _honest(1), _salt(1), proof);
        _expect(mismatch);
        games.offerGame(disputeId, 8, WRONG, _salt(2), proof);
        proof[0] = keccak256("changed");
        _expect(mismatch);
        games.offerGame(disputeId, 8, WRONG, _salt(1), proof);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------ accepting

    function test_Accepts() external {
        _contestRight();
        _offer(8, _honest(1));
        vm.expectEmit(address(games));
        emit IBisectionArbiter.GameAccepted(disputeId, uint40(_now()) + 40);
        _accept();
        vm.assertTrue(_isIn(GamePhase.Telling));
        vm.assertEq(_game().moveBy, _now() + 40);
    }

    function test_OfOneStretchNothingIsLeftToMove() external {
        _contestRight();
        _offer(1, _honest(1));
        vm.expectEmit(address(games));
        emit IBisectionArbiter.GameNarrowed(disputeId, 0, 0, ExecutionState.ended(_honest(1)));
        _accept();
        vm.assertTrue(_isIn(GamePhase.Narrowed));
    }

    function test_RevertWhen_AStrangerAccepts() external {
        _contestRight();
        _expect(_notNow());
        _accept();
        _offer(8, _honest(1));
        _expect(_notAParty(challenger, provider));
        vm.prank(provider);
        games.acceptGame(disputeId);
        _accept();
        _expect(_notNow());
        _accept();
    }

    /// @dev The challenger does not play: a committee judges the task, as without games, and its claim is
    /// already open.
    function test_UnlessItIsAcceptedInTimeTheCommitteeJudges() external {
        _contestWrong();
        _offer(8, WRONG);
        uint256 acceptBy = _game().moveBy;
        _expect(_error(IBisectionArbiter.AcceptPeriodRunning.selector, acceptBy));
        games.drawCommittee(disputeId);
        vm.warp(acceptBy + 1);
        _expect(_error(IBisectionArbiter.ClockRunOut.selector, acceptBy));
        _accept();
        _judge(_honest(1));
        games.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(market.dispute(disputeId).ruledDigest, _honest(1));
    }

    // ------------------------------------------------------------------------------ moving

    function test_RevertWhen_SomebodyElseMoves() external {
        _start(8);
        address[3] memory others = [stranger, challenger, _verifier(0)];
        for (uint256 i; i < others.length; ++i) {
            _expect(_notAParty(provider, others[i]));
            vm.prank(others[i]);
            games.tellState(disputeId, 4, keccak256("state"));
        }
        _tell(keccak256("state"));
        others[1] = provider;
        for (uint256 i; i < others.length; ++i) {
            _expect(_notAParty(challenger, others[i]));
            vm.prank(others[i]);
            games.answerState(disputeId, 4, true);
        }
    }

    function test_ADeviceMovesForItsOwner() external {
        _start(8);
        vm.prank(device);
        games.tellState(disputeId, 4, keccak256("state"));
        address hers = address(0xD0);
        _delegate(CHALLENGER_KEY, hers, uint40(_now() + 5), 1);
        vm.warp(_now() + 6); // no longer
        _expect(_notAParty(challenger, hers));
        vm.prank(hers);
        games.answerState(disputeId, 4, true);
        _delegate(CHALLENGER_KEY, hers, uint40(_now() + 1 days), 2);
        vm.prank(hers);
        games.answerState(disputeId, 4, true);
        vm.assertEq(_game().low, 4);
    }

    function test_RevertWhen_TheMoveIsOutOfTurnOrAboutAnotherState() external {
        _start(8);
        _expect(_notNow());
        vm.prank(challenger);
        games.answerState(disputeId, 4, true);
        vm.startPrank(provider);
        _expect(_error(IBisectionArbiter.WrongState.selector, 4));
        games.tellState(disputeId, 5, keccak256("state"));
        _expect(abi.encodeWithSelector(IBisectionArbiter.EmptyState.selector));
        games.tellState(disputeId, 4, 0);
        games.tellState(disputeId, 4, keccak256("state"));
        _expect(_notNow());
        games.tellState(disputeId, 4, keccak256("another"));
        vm.stopPrank();
        _expect(_error(IBisectionArbiter.WrongState.selector, 4));
        vm.prank(challenger);
        games.answerState(disputeId, 3, true);
    }

    /// @dev A move that is sent again stands for nothing: neither now nor in the next round.
    function test_RevertWhen_AMoveIsSentAgain() external {
        _start(8);
        _tell(keccak256("state"));
        _answer(false);
        _expect(_notNow());
        vm.prank(challenger);
        games.answerState(disputeId, 4, false);
        _expect(_error(IBisectionArbiter.WrongState.selector, 2));
        vm.prank(provider);
        games.tellState(disputeId, 4, keccak256("state"));
    }

    function test_RevertWhen_AMoveIsLate() external {
        _start(8);
        uint256 moveBy = _game().moveBy;
        vm.warp(moveBy + 1);
        _expect(_error(IBisectionArbiter.ClockRunOut.selector, moveBy));
        vm.prank(provider);
        games.tellState(disputeId, 4, keccak256("state"));
        vm.warp(moveBy);
        _tell(keccak256("state"));
        moveBy = _game().moveBy;
        vm.warp(moveBy + 1);
        _expect(_error(IBisectionArbiter.ClockRunOut.selector, moveBy));
        vm.prank(challenger);
        games.answerState(disputeId, 4, true);
    }

    /// @dev The provider thinks for 38 s, then the challenger, who has not thought yet, has all of its 40 s.
    function test_ThinkingUsesUpOnesOwnClock() external {
        _start(16);
        vm.warp(_now() + 38);
        _tell(keccak256("state"));
        vm.assertEq(_game().moveBy, _now() + 40);
        vm.warp(_now() + 1);
        _answer(true);
        vm.assertEq(_game().moveBy, _now() + 5); // 2 s are left: the extension
        vm.warp(_now() + 4);
        _tell(keccak256("next"));
        vm.assertEq(_game().moveBy, _now() + 39);
        vm.warp(_now() + 20);
        _answer(true);
        vm.assertEq(_game().moveBy, _now() + 5);
        _tell(keccak256("last"));
        vm.assertEq(_game().moveBy, _now() + 19);
    }

    /// @dev Whoever moves at the last moment leaves the other what it had.
    function testFuzz_NobodyStarvesTheOther(uint256 seed) external {
        _start(4096);
        uint256 providerSeconds = 40;
        uint256 challengerSeconds = 40;
        while (_isIn(GamePhase.Telling)) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.assertEq(_game().moveBy, _now() + _allowed(providerSeconds));
            uint256 thought = seed % (_allowed(providerSeconds) + 1);
            providerSeconds = _allowed(providerSeconds) - thought;
            vm.warp(_now() + thought);
            _tell(keccak256("state"));
            vm.assertEq(_game().moveBy, _now() + _allowed(challengerSeconds));
            thought = (seed >> 128) % (_allowed(challengerSeconds) + 1);
            challengerSeconds = _allowed(challengerSeconds) - thought;
            vm.warp(_now() + thought);
            _answer(seed & 1 == 0);
        }
        vm.assertTrue(_isIn(GamePhase.Narrowed));
        vm.assertTrue(_now() <= START + 1000);
    }

    function _allowed(uint256 leftSeconds) internal pure returns (uint256) {
        return leftSeconds < 5 ? 5 : leftSeconds;
    }

    function testFuzz_TheWrongStretchIsFoundInLogRounds(uint16 stretches, uint16 fault) external {
        stretches = uint16(1 + uint256(stretches) % 4096);
        fault = uint16(uint256(fault) % stretches);
        _contestWrong();
        _offer(stretches, WRONG);
        _accept();
        uint256 rounds = _play(stretches, fault);
        vm.assertTrue(2 ** rounds < 2 * uint256(stretches));
        Game memory played = _game();
        vm.assertTrue(played.phase == GamePhase.Narrowed);
        vm.assertEq(uint256(played.low), fault);
        vm.assertEq(uint256(played.high), uint256(fault) + 1);
        vm.assertEq(played.lowState, _honestState(fault, stretches + 1));
        vm.assertEq(played.highState, _falseState(uint256(fault) + 1, stretches, fault));
    }

    // ------------------------------------------------------------------------------ waiting

    function test_RevertWhen_ACommitteeIsDrawnDuringTheGame() external {
        _start(8);
        bytes memory running =
            abi.encodeWithSelector(IBisectionArbiter.GameRunning.selector, disputeId);
        vm.warp(_now() + 11);
        _expect(running);
        games.drawCommittee(disputeId);
        _tell(keccak256("state"));
        _expect(running);
        games.drawCommittee(disputeId);
    }

    function test_RevertWhen_ResolvedWhileClocksRun() external {
        _start(8);
        _expect(_error(IBisectionArbiter.ClockRunning.selector, _game().moveBy));
        games.resolve(disputeId);
        vm.warp(_now() + 20);
        _tell(keccak256("state"));
        vm.warp(_game().moveBy);
        _expect(_error(IBisectionArbiter.ClockRunning.selector, _game().moveBy));
        games.resolve(disputeId);
    }

    function test_RevertWhen_TheDisputeIsOver() external {
        _start(8);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertTrue(market.dispute(disputeId).status == DisputeStatus.Conceded);
        bytes memory over =
            abi.encodeWithSelector(ICommitteeArbiter.DisputeNotOpen.selector, disputeId);
        _expect(over);
        vm.prank(provider);
        games.tellState(disputeId, 4, keccak256("state"));
        _expect(over);
        games.resolve(disputeId);
        _expect(over);
        vm.prank(_verifier(0));
        games.appeal(disputeId, 0);
    }

    function test_TellsItsTimes() external view {
        vm.assertEq(keccak256(abi.encode(games.times())), keccak256(abi.encode(_times())));
    }
}
