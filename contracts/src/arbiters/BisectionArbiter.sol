// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBisectionArbiter} from "../interfaces/IBisectionArbiter.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Dispute, Ruling, Verdict} from "../types/Dispute.sol";
import {ExecutionState, Game, GamePhase, GameTimes} from "../types/Game.sol";
import {Params} from "../types/Params.sol";
import {Seat} from "../types/Seat.sol";
import {CommitteeArbiter} from "./CommitteeArbiter.sol";

/// @title BisectionArbiter
/// @notice See `IBisectionArbiter`. One stretch and a whole task are voted on in the same way, by
/// committees of their own.
contract BisectionArbiter is CommitteeArbiter, IBisectionArbiter {
    uint32 private immutable _ACCEPT_SECONDS;
    uint32 private immutable _CLOCK_SECONDS;
    uint32 private immutable _EXTENSION_SECONDS;
    uint32 private immutable _APPEAL_SECONDS;

    mapping(uint256 disputeId => Game) private _games;
    mapping(uint256 disputeId => Committee) private _stretchCommittees;

    constructor(IMarket market_, GameTimes memory times_) CommitteeArbiter(market_) {
        _ACCEPT_SECONDS = times_.acceptSeconds;
        _CLOCK_SECONDS = times_.clockSeconds;
        _EXTENSION_SECONDS = times_.extensionSeconds;
        _APPEAL_SECONDS = times_.appealSeconds;
        _checkTimes(times_, market_.terms().params());
    }

    /// @inheritdoc IBisectionArbiter
    function offerGame(
        uint256 disputeId,
        uint16 stretches,
        bytes32 taskDigest,
        bytes32 salt,
        bytes32[] calldata proof
    ) external {
        Dispute memory contested = _openDispute(disputeId);
        _requireParty(contested.provider);
        Game storage offered = _gameIn(disputeId, GamePhase.None);
        uint256 offerBy = _concedeBy(contested);
        if (block.timestamp > offerBy) revert OfferPeriodOver(disputeId, offerBy);
        if (stretches == 0 || stretches > ExecutionState.MAX_STRETCHES) {
            revert NoSuchGame(stretches);
        }
        _requireClaim(disputeId, contested, taskDigest, salt, proof);
        Committee storage whole = _committeeOf(disputeId);
        whole.isClaimOpened = true;
        whole.claimedDigest = taskDigest;
        uint40 acceptBy = uint40(block.timestamp) + _ACCEPT_SECONDS;
        offered.phase = GamePhase.Offered;
        offered.stretches = stretches;
        offered.high = stretches;
        offered.moveBy = acceptBy;
        offered.lowState = ExecutionState.START;
        offered.highState = ExecutionState.ended(taskDigest);
        emit ClaimOpened(disputeId, taskDigest);
        emit GameOffered(disputeId, stretches, taskDigest, acceptBy);
    }

    /// @inheritdoc IBisectionArbiter
    function acceptGame(uint256 disputeId) external {
        _requireParty(_openDispute(disputeId).challenger);
        Game storage accepted = _gameIn(disputeId, GamePhase.Offered);
        _requireInTime(disputeId, accepted);
        accepted.providerSeconds = _CLOCK_SECONDS;
        accepted.challengerSeconds = _CLOCK_SECONDS;
        uint40 moveBy = _letProviderMove(disputeId, accepted);
        emit GameAccepted(disputeId, moveBy);
    }

    /// @inheritdoc IBisectionArbiter
    function tellState(uint256 disputeId, uint16 index, bytes32 state) external {
        _requireParty(_openDispute(disputeId).provider);
        Game storage told = _gameIn(disputeId, GamePhase.Telling);
        told.providerSeconds = _requireMove(disputeId, told, index);
        if (state == 0) revert EmptyState();
        told.middleState = state;
        told.phase = GamePhase.Answering;
        told.moveBy = _moveBy(told.challengerSeconds);
        emit StateTold(disputeId, index, state, told.moveBy);
    }

    /// @inheritdoc IBisectionArbiter
    function answerState(uint256 disputeId, uint16 index, bool isSame) external {
        _requireParty(_openDispute(disputeId).challenger);
        Game storage answered = _gameIn(disputeId, GamePhase.Answering);
        answered.challengerSeconds = _requireMove(disputeId, answered, index);
        if (isSame) (answered.low, answered.lowState) = (index, answered.middleState);
        else (answered.high, answered.highState) = (index, answered.middleState);
        uint40 moveBy = _letProviderMove(disputeId, answered);
        emit StateAnswered(disputeId, index, isSame, moveBy);
    }

    /// @inheritdoc IBisectionArbiter
    function appeal(uint256 disputeId, uint32 seatId) external {
        Dispute memory contested = _openDispute(disputeId);
        Game storage won = _gameIn(disputeId, GamePhase.Won);
        if (block.timestamp > won.moveBy) revert AppealPeriodOver(disputeId, won.moveBy);
        // A concession would end the dispute, and leave the seat on duty for ever.
        uint256 concedeBy = _concedeBy(contested);
        if (block.timestamp <= concedeBy) revert ConcedePhaseRunning(disputeId, concedeBy);
        Seat memory seat = market.seat(seatId);
        _requireParty(seat.holder);
        (uint96 stakeWei,,) = market.seatStake(seatId);
        if (seat.vacatedBlock != 0 || stakeWei == 0) revert SeatCannotAppeal(seatId);
        won.phase = GamePhase.Full;
        won.appellant = seat.holder;
        won.appealSeatId = seatId;
        uint32[] memory seatIds = new uint32[](1);
        seatIds[0] = seatId;
        emit Appealed(disputeId, seat.holder, seatId);
        market.holdSeats(disputeId, seatIds);
    }

    /// @dev The whole task's when no game is played (any more), the last stretch's when it is.
    function drawCommittee(uint256 disputeId) public override {
        Game storage played = _games[disputeId];
        GamePhase phase = played.phase;
        bool isPlayed = phase == GamePhase.Telling || phase == GamePhase.Answering;
        if (isPlayed || phase == GamePhase.Won) revert GameRunning(disputeId);
        if (phase == GamePhase.Offered && block.timestamp <= played.moveBy) {
            revert AcceptPeriodRunning(disputeId, played.moveBy);
        }
        super.drawCommittee(disputeId);
    }

    /// @dev Ends what is over: a side's clock, a vote, the time for an appeal. The dispute itself ends with
    /// the last of them that there is.
    function resolve(uint256 disputeId) public override {
        Game storage played = _games[disputeId];
        GamePhase phase = played.phase;
        bool isPlain =
            phase == GamePhase.None || phase == GamePhase.Offered || phase == GamePhase.Full;
        if (isPlain || market.isMoot(disputeId)) {
            super.resolve(disputeId);
            return;
        }
        _openDispute(disputeId);
        if (phase == GamePhase.Narrowed) _closeStretchVote(disputeId, played);
        else if (phase == GamePhase.Won) _endWon(disputeId, played);
        else _endClock(disputeId, played, phase);
    }

    /// @inheritdoc IBisectionArbiter
    function times() external view returns (GameTimes memory) {
        return GameTimes(_ACCEPT_SECONDS, _CLOCK_SECONDS, _EXTENSION_SECONDS, _APPEAL_SECONDS);
    }

    /// @inheritdoc IBisectionArbiter
    function game(uint256 disputeId) external view returns (Game memory) {
        return _games[disputeId];
    }

    /// @inheritdoc IBisectionArbiter
    function stretchCommittee(uint256 disputeId) external view returns (Committee memory) {
        return _stretchCommittees[disputeId];
    }

    // ------------------------------------------------------------------------------ endings

    function _endClock(uint256 disputeId, Game storage played, GamePhase phase) private {
        if (block.timestamp <= played.moveBy) revert ClockRunning(disputeId, played.moveBy);
        if (phase == GamePhase.Answering) _win(disputeId, played);
        else _rule(disputeId, _unvoted(disputeId, Verdict.ProviderLost));
    }

    function _closeStretchVote(uint256 disputeId, Game storage played) private {
        Committee storage drawn = _stretchCommittees[disputeId];
        if (!drawn.isDrawn) revert CommitteeNotDrawn(disputeId);
        if (!_isRevealOver(drawn)) revert RevealPhaseRunning(disputeId, drawn.revealBy);
        Ruling memory ruling = _stretchRuling(disputeId);
        if (ruling.verdict == Verdict.ProviderLost) {
            _rule(disputeId, ruling);
        } else if (ruling.verdict == Verdict.ChallengerLost) {
            _win(disputeId, played);
        } else {
            // The state that the two agreed on may be their secret: no reason to leave the task unjudged.
            played.phase = GamePhase.Full;
            emit GameEscalated(disputeId);
        }
    }

    function _win(uint256 disputeId, Game storage played) private {
        uint256 from = _concedeBy(_openDispute(disputeId));
        if (from < block.timestamp) from = block.timestamp;
        played.phase = GamePhase.Won;
        played.moveBy = uint40(from) + _APPEAL_SECONDS;
        emit GameWon(disputeId, played.moveBy);
    }

    function _endWon(uint256 disputeId, Game storage won) private {
        if (block.timestamp <= won.moveBy) revert AppealPeriodRunning(disputeId, won.moveBy);
        bool isVoted = _stretchCommittees[disputeId].isDrawn;
        _rule(
            disputeId,
            isVoted ? _stretchRuling(disputeId) : _unvoted(disputeId, Verdict.ChallengerLost)
        );
    }

    function _stretchRuling(uint256 disputeId) private view returns (Ruling memory ruling) {
        Committee storage drawn = _stretchCommittees[disputeId];
        (bytes32 state, uint256 votes) = _majority(drawn);
        ruling = _decide(drawn, state, votes);
        ruling.digest = _claimedDigest(disputeId);
    }

    /// @dev By a clock, without anybody's vote.
    function _unvoted(uint256 disputeId, Verdict verdict) private view returns (Ruling memory) {
        bytes32 digest = _claimedDigest(disputeId);
        return _ruling(verdict, digest, new address[](0), new uint32[](0), 0, 0);
    }

    /// @dev A game never finds another digest for the task: two that lie together could else have a
    /// verifier contradicted that was paid for the right one.
    function _claimedDigest(uint256 disputeId) private view returns (bytes32) {
        return super._committeeOf(disputeId).claimedDigest;
    }

    /// @dev Where the whole task was judged in the end, its ruling also tells what becomes of the seats
    /// that were held before.
    function _rule(uint256 disputeId, Ruling memory ruling) internal override {
        if (_games[disputeId].phase == GamePhase.Full) _addStretch(disputeId, ruling);
        if (_games[disputeId].appellant != address(0)) _addAppeal(disputeId, ruling);
        super._rule(disputeId, ruling);
    }

    /// @dev Its vote did not count, and who was right is not known: only silence after a vote is punished.
    function _addStretch(uint256 disputeId, Ruling memory ruling) private view {
        Committee storage drawn = _stretchCommittees[disputeId];
        uint256 count = drawn.seatIds.length;
        uint256 first = ruling.seatIds.length;
        uint32[] memory seatIds = _longer(ruling.seatIds, count);
        for (uint256 i; i < count; ++i) {
            seatIds[first + i] = drawn.seatIds[i];
            bool isSilent = drawn.commitments[i] != 0 && !_hasRevealed(drawn, i);
            if (isSilent) ruling.offenders |= 1 << (first + i);
        }
        ruling.seatIds = seatIds;
    }

    /// @dev Whoever appealed shares what the committee gets, or loses what it staked.
    function _addAppeal(uint256 disputeId, Ruling memory ruling) private view {
        Game storage appealed = _games[disputeId];
        uint256 place = ruling.seatIds.length;
        ruling.seatIds = _longer(ruling.seatIds, 1);
        ruling.seatIds[place] = appealed.appealSeatId;
        if (ruling.verdict == Verdict.None) return;
        if (ruling.verdict == Verdict.ChallengerLost) {
            ruling.offenders |= 1 << place;
            return;
        }
        address[] memory majority = new address[](ruling.majority.length + 1);
        for (uint256 i; i < ruling.majority.length; ++i) {
            majority[i] = ruling.majority[i];
        }
        majority[ruling.majority.length] = appealed.appellant;
        ruling.majority = majority;
    }

    function _longer(uint32[] memory seatIds, uint256 more)
        private
        pure
        returns (uint32[] memory longer)
    {
        longer = new uint32[](seatIds.length + more);
        for (uint256 i; i < seatIds.length; ++i) {
            longer[i] = seatIds[i];
        }
    }

    // ------------------------------------------------------------------------------ moves

    /// @dev The next state to tell, or the one stretch that is left.
    function _letProviderMove(uint256 disputeId, Game storage played)
        private
        returns (uint40 moveBy)
    {
        if (played.high - played.low == 1) {
            _narrow(disputeId, played);
            return 0;
        }
        moveBy = _moveBy(played.providerSeconds);
        played.phase = GamePhase.Telling;
        played.moveBy = moveBy;
    }

    function _narrow(uint256 disputeId, Game storage played) private {
        played.phase = GamePhase.Narrowed;
        Committee storage drawn = _stretchCommittees[disputeId];
        drawn.isClaimOpened = true;
        drawn.claimedDigest = played.highState;
        emit GameNarrowed(disputeId, played.low, played.lowState, played.highState);
    }

    /// @dev A move that is due; what is left of its side's clock.
    function _requireMove(uint256 disputeId, Game storage played, uint16 index)
        private
        view
        returns (uint32 leftSeconds)
    {
        _requireInTime(disputeId, played);
        uint16 middle = (played.low + played.high) / 2;
        if (index != middle) revert WrongState(disputeId, middle);
        return uint32(played.moveBy - block.timestamp);
    }

    function _concedeBy(Dispute memory contested) private view returns (uint256) {
        return uint256(contested.openedAt) + _CONCEDE_SECONDS;
    }

    function _requireInTime(uint256 disputeId, Game storage played) private view {
        if (block.timestamp > played.moveBy) revert ClockRunOut(disputeId, played.moveBy);
    }

    function _moveBy(uint32 leftSeconds) private view returns (uint40) {
        uint32 allowed = leftSeconds < _EXTENSION_SECONDS ? _EXTENSION_SECONDS : leftSeconds;
        return uint40(block.timestamp) + allowed;
    }

    function _gameIn(uint256 disputeId, GamePhase phase)
        private
        view
        returns (Game storage played)
    {
        played = _games[disputeId];
        if (played.phase != phase) revert NotNow(disputeId);
    }

    /// @dev The party itself, or a device of it.
    function _requireParty(address party) private view {
        if (msg.sender == party) return;
        (address wallet, uint40 notAfter) = market.deviceOf(msg.sender);
        if (wallet != party || notAfter < block.timestamp) revert NotAParty(party, msg.sender);
    }

    // ------------------------------------------------------------------------------ committees

    /// @dev The one that is called for now.
    function _committeeOf(uint256 disputeId) internal view override returns (Committee storage) {
        GamePhase phase = _games[disputeId].phase;
        bool isOfStretch = phase == GamePhase.Narrowed || phase == GamePhase.Won;
        return isOfStretch ? _stretchCommittees[disputeId] : super._committeeOf(disputeId);
    }

    /// @dev Whoever appealed is a party.
    function _isEligible(uint256 disputeId, Seat memory seat, Dispute memory contested)
        internal
        view
        override
        returns (bool)
    {
        if (seat.holder == _games[disputeId].appellant) return false;
        return super._isEligible(disputeId, seat, contested);
    }

    /// @dev Stakes must stay for as long as a dispute lasts, with its game and two votes. As in
    /// `Terms`, a quarter more: committees are drawn in blocks, whose time nobody knows.
    function _checkTimes(GameTimes memory t, Params memory p) private pure {
        if (t.acceptSeconds == 0 || t.clockSeconds == 0) revert EmptyPeriod();
        if (t.extensionSeconds == 0 || t.appealSeconds == 0) revert EmptyPeriod();
        uint256 plain = uint256(p.disputeWindowSeconds) + p.concedeSeconds + p.commitSeconds
            + p.revealSeconds + p.openSeconds;
        uint256 played = uint256(t.acceptSeconds) + t.appealSeconds + p.commitSeconds
            + p.revealSeconds + 2 * uint256(t.clockSeconds) + 2 * ExecutionState.MAX_ROUNDS
            * t.extensionSeconds;
        uint256 most = uint256(p.unstakeDelaySeconds) * 4 / 5;
        if (plain + played > most) revert GameTooLong(plain + played, most);
    }
}
