// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Params} from "../../src/types/Params.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice What a committee's votes come to, and what a plain reference says that they must.
abstract contract Ballots is Fixture {
    enum Fate {
        Keeps,
        LosesSeat,
        LosesStake
    }

    /// @dev What one member does; if it reveals, `digest` is its vote.
    struct Vote {
        bool isCommitted;
        bool isRevealed;
        bytes32 digest;
    }

    struct Outcome {
        Verdict verdict;
        bytes32 digest;
        uint256 votes;
        Fate[] fates;
    }

    bytes32 internal constant OUT = TaskResult.OUT_OF_TOLERANCE;
    bytes32 internal constant UNAVAILABLE = TaskResult.UNAVAILABLE;
    bytes32 internal constant CLAIM = keccak256("claim");
    bytes32 internal constant LIE = keccak256("lie");

    uint256 internal disputeId;
    address[] internal members;

    // ------------------------------------------------------------------------------ playing

    /// @dev A lease of one task, of which the provider claims any digest; it stakes 200 credits.
    function _contest(bytes32 claim) internal {
        vm.prank(provider);
        market.stake(200 ether);
        LeaseResult memory lease = _lease(_openDefault(), 0, 1);
        lease.resultRoot = TaskResult.leaf(lease.leaseId, 0, claim, _salt(0));
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 0);
        members = _drawCommittee(disputeId);
    }

    function _judge(Vote[] memory votes, bytes32 claim, bool isOpened) internal {
        for (uint256 i; i < votes.length; ++i) {
            if (votes[i].isCommitted) _vote(disputeId, members[i], votes[i].digest);
        }
        vm.warp(uint256(arbiter.committee(disputeId).commitBy) + 1);
        for (uint256 i; i < votes.length; ++i) {
            if (votes[i].isRevealed) _reveal(disputeId, members[i], votes[i].digest);
        }
        vm.warp(uint256(arbiter.committee(disputeId).revealBy) + 1);
        if (isOpened) arbiter.openClaim(disputeId, claim, _salt(0), new bytes32[](0));
        vm.warp(uint256(arbiter.committee(disputeId).openBy) + 1);
        arbiter.resolve(disputeId);
    }

    function _fateOf(uint256 i) internal view returns (Fate) {
        uint32 seatId = arbiter.committee(disputeId).seatIds[i];
        (uint96 stakeWei,, uint32 duties) = market.seatStake(seatId);
        vm.assertEq(duties, 0);
        if (market.seat(seatId).vacatedBlock == 0) {
            vm.assertEq(stakeWei, 100 ether);
            return Fate.Keeps;
        }
        return stakeWei == 0 ? Fate.LosesStake : Fate.LosesSeat;
    }

    // ------------------------------------------------------------------------------ the reference

    function _expected(Vote[] memory votes, bytes32 claim, bool isOpened)
        internal
        pure
        returns (Outcome memory outcome)
    {
        uint256 revealed;
        for (uint256 i; i < votes.length; ++i) {
            if (votes[i].isRevealed) ++revealed;
        }
        for (uint256 i; i < votes.length; ++i) {
            uint256 same = votes[i].isRevealed ? _votesFor(votes, votes[i].digest) : 0;
            if (2 * same > revealed) (outcome.digest, outcome.votes) = (votes[i].digest, same);
        }
        outcome.verdict = _verdictOf(outcome, claim, isOpened);
        outcome.fates = new Fate[](votes.length);
        bool isAttended = 3 * _judges(votes) >= 2 * votes.length;
        for (uint256 i; i < votes.length; ++i) {
            Fate fate = _fate(votes[i], outcome, claim, isOpened);
            outcome.fates[i] = fate == Fate.LosesSeat && !isAttended ? Fate.Keeps : fate;
        }
    }

    function _votesFor(Vote[] memory votes, bytes32 digest) private pure returns (uint256 same) {
        for (uint256 i; i < votes.length; ++i) {
            if (votes[i].isRevealed && votes[i].digest == digest) ++same;
        }
    }

    /// @dev Those who had something to judge by, as far as they say.
    function _judges(Vote[] memory votes) private pure returns (uint256 judges) {
        for (uint256 i; i < votes.length; ++i) {
            bool isWithout = votes[i].isRevealed && votes[i].digest == UNAVAILABLE;
            if (votes[i].isCommitted && !isWithout) ++judges;
        }
    }

    function _verdictOf(Outcome memory outcome, bytes32 claim, bool isOpened)
        private
        pure
        returns (Verdict)
    {
        if (outcome.votes == 0) return Verdict.None;
        if (outcome.digest == OUT) return Verdict.OutOfTolerance;
        if (outcome.digest == UNAVAILABLE) return Verdict.Unavailable;
        return isOpened && claim == outcome.digest ? Verdict.ChallengerLost : Verdict.ProviderLost;
    }

    function _fate(Vote memory vote, Outcome memory outcome, bytes32 claim, bool isOpened)
        private
        pure
        returns (Fate)
    {
        if (!vote.isCommitted) return Fate.LosesSeat;
        if (!vote.isRevealed) return Fate.LosesStake;
        if (outcome.votes < 2 || vote.digest == outcome.digest) return Fate.Keeps;
        if (vote.digest == UNAVAILABLE || vote.digest == OUT) return Fate.LosesSeat;
        if (outcome.verdict == Verdict.Unavailable) return Fate.LosesSeat;
        if (outcome.verdict != Verdict.OutOfTolerance) return Fate.LosesStake;
        return isOpened && vote.digest != claim ? Fate.LosesStake : Fate.LosesSeat;
    }

    /// @dev Each of the majority's part.
    function _rewardWei(Outcome memory outcome) private pure returns (uint256) {
        if (outcome.verdict == Verdict.ProviderLost) return 12 ether / outcome.votes;
        if (outcome.verdict == Verdict.OutOfTolerance) return 10 ether / outcome.votes;
        if (outcome.verdict == Verdict.ChallengerLost) return 7.5 ether / outcome.votes;
        return 0;
    }

    // ------------------------------------------------------------------------------ comparing

    function _compare(Vote[] memory votes, bytes32 claim, bool isOpened) internal {
        _judge(votes, claim, isOpened);
        Outcome memory outcome = _expected(votes, claim, isOpened);
        vm.assertEq(uint8(market.dispute(disputeId).verdict), uint8(outcome.verdict), "verdict");
        vm.assertEq(market.dispute(disputeId).ruledDigest, outcome.digest, "digest");
        uint256 rewardWei = _rewardWei(outcome);
        for (uint256 i; i < votes.length; ++i) {
            vm.assertEq(uint8(_fateOf(i)), uint8(outcome.fates[i]), "fate");
            bool isRewarded = votes[i].isRevealed && votes[i].digest == outcome.digest;
            uint256 expectedWei = FUNDS - 100 ether + (isRewarded ? rewardWei : 0);
            vm.assertEq(_balance(members[i]), expectedWei, "reward");
        }
    }

    /// @dev Absent, silent, or a vote for one of five things.
    function _choice(uint256 which) internal pure returns (Vote memory) {
        bytes32[7] memory digests = [bytes32(0), LIE, CLAIM, LIE, _honest(0), OUT, UNAVAILABLE];
        return Vote(which > 0, which > 1, digests[which]);
    }
}

contract VotesTest is Ballots {
    function _of(bytes32 first, bytes32 second, bytes32 third)
        internal
        pure
        returns (Vote[] memory votes)
    {
        votes = new Vote[](3);
        bytes32[3] memory digests = [first, second, third];
        for (uint256 i; i < 3; ++i) {
            votes[i] = Vote(digests[i] != 0, digests[i] != 0, digests[i]);
        }
    }

    function _play(bytes32 first, bytes32 second, bytes32 third, bool isOpened) internal {
        _contest(CLAIM);
        _judge(_of(first, second, third), CLAIM, isOpened);
    }

    function _require(Verdict verdict, Fate first, Fate second, Fate third) internal view {
        vm.assertEq(uint8(market.dispute(disputeId).verdict), uint8(verdict));
        Fate[3] memory fates = [first, second, third];
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(uint8(_fateOf(i)), uint8(fates[i]));
        }
    }

    // ------------------------------------------------------------------------------ unavailable

    /// @dev Whoever was given the inputs, perhaps alone of all, has done no wrong.
    function test_MostHadNoInputs() external {
        _play(UNAVAILABLE, UNAVAILABLE, _honest(0), true);
        _require(Verdict.Unavailable, Fate.Keeps, Fate.Keeps, Fate.Keeps);
        vm.assertEq(_stakeOf(provider), 200 ether);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(market.burntWei(), 0);
    }

    function test_OneVoteForItIsEnough_WhereNobodyElseVotes() external {
        _play(0, UNAVAILABLE, 0, false);
        _require(Verdict.Unavailable, Fate.Keeps, Fate.Keeps, Fate.Keeps);
    }

    /// @dev Two thirds judged: who did not is replaced.
    function test_AVoteForItAgainstADigestCostsTheSeat() external {
        _play(_honest(0), UNAVAILABLE, _honest(0), true);
        _require(Verdict.ProviderLost, Fate.Keeps, Fate.LosesSeat, Fate.Keeps);
    }

    /// @dev Two thirds voted, and one third judged.
    function test_ItDoesNotCountAsAttendance() external {
        _play(_honest(0), UNAVAILABLE, 0, true);
        _require(Verdict.None, Fate.Keeps, Fate.Keeps, Fate.Keeps);
    }

    // ------------------------------------------------------------------------------ out of tolerance

    function test_MostFoundItOutOfTolerance() external {
        _play(OUT, CLAIM, OUT, true);
        _require(Verdict.OutOfTolerance, Fate.Keeps, Fate.LosesSeat, Fate.Keeps);
        vm.assertEq(_stakeOf(provider), 150 ether);
        vm.assertEq(_balance(members[0]), FUNDS - 100 ether + 5 ether);
        vm.assertEq(market.account(provider).strikes, 0);
    }

    /// @dev A provider that loses anyway would else keep its claim shut, to cost an honest member its stake.
    function test_AnUnopenedClaimCostsNobodyItsStake() external {
        _play(OUT, CLAIM, OUT, false);
        _require(Verdict.OutOfTolerance, Fate.Keeps, Fate.LosesSeat, Fate.Keeps);
    }

    function test_ADigestOfItsOwnCostsTheStake() external {
        _play(OUT, LIE, OUT, true);
        _require(Verdict.OutOfTolerance, Fate.Keeps, Fate.LosesStake, Fate.Keeps);
    }

    function test_MostFoundItWithinTolerance() external {
        _play(CLAIM, OUT, CLAIM, true);
        _require(Verdict.ChallengerLost, Fate.Keeps, Fate.LosesSeat, Fate.Keeps);
        vm.assertEq(_stakeOf(provider), 200 ether);
    }

    function test_TheTwoWordsAgainstEachOther() external {
        _play(OUT, UNAVAILABLE, OUT, true);
        _require(Verdict.OutOfTolerance, Fate.Keeps, Fate.LosesSeat, Fate.Keeps);
    }

    function test_HalfAndHalfIsVoid() external {
        _play(OUT, UNAVAILABLE, 0, true);
        _require(Verdict.None, Fate.Keeps, Fate.Keeps, Fate.Keeps);
        vm.assertEq(_stakeOf(provider), 200 ether);
        vm.assertEq(_balance(challenger), FUNDS);
    }

    // ------------------------------------------------------------------------------ every mix

    /// @dev Also where the claim is one of the two words, or what is right.
    function _checkEveryMix(bytes32 claim, bool isOpened) internal {
        vm.pauseGasMetering();
        _contest(claim);
        uint256 state = vm.snapshotState();
        Vote[] memory votes = new Vote[](3);
        for (uint256 mix; mix < 7 * 7 * 7; ++mix) {
            (votes[0], votes[1], votes[2]) =
            (_choice(mix % 7), _choice(mix / 7 % 7), _choice(mix / 49));
            _compare(votes, claim, isOpened);
            vm.assertTrue(vm.revertToState(state));
        }
    }

    function test_EveryMixAboutAWrongClaim() external {
        _checkEveryMix(CLAIM, true);
    }

    function test_EveryMixAboutAClaimThatStaysShut() external {
        _checkEveryMix(CLAIM, false);
    }

    function test_EveryMixAboutARightClaim() external {
        _checkEveryMix(_honest(0), true);
    }

    function test_EveryMixAboutAClaimOfOutOfTolerance() external {
        _checkEveryMix(OUT, true);
    }

    function test_EveryMixAboutAClaimOfUnavailable() external {
        _checkEveryMix(UNAVAILABLE, true);
    }
}

/// @notice The same of larger committees.
contract ManyVotesTest is Ballots {
    function _params() internal pure override returns (Params memory p) {
        p = super._params();
        p.committeeSize = 9;
    }

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 8; ++i) {
            address holder = vm.addr(0xC000 + i);
            _fund(holder);
            vm.prank(holder);
            market.takeSeats(1);
        }
        _forward(1);
    }

    /// @dev Half of them have a mind in common.
    function testFuzz_AnyMixOfManyVotes(uint256 random, uint8 common, uint8 claimed, bool isOpened)
        external
    {
        bytes32[4] memory claims = [CLAIM, _honest(0), OUT, UNAVAILABLE];
        bytes32 claim = claims[claimed % 4];
        _contest(claim);
        vm.assertTrue(members.length > 4);
        Vote[] memory votes = new Vote[](members.length);
        for (uint256 i; i < votes.length; ++i) {
            uint256 own = uint256(keccak256(abi.encode(random, i)));
            votes[i] = _choice(own % 2 == 0 ? common % 7 : own / 2 % 7);
        }
        _compare(votes, claim, isOpened);
    }
}
