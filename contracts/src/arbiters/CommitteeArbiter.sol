// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "../interfaces/IArbiter.sol";
import {IBeacon} from "../interfaces/IBeacon.sol";
import {ICommitteeArbiter} from "../interfaces/ICommitteeArbiter.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Dispute, DisputeStatus, Ruling, Verdict} from "../types/Dispute.sol";
import {TaskResult} from "../types/TaskResult.sol";
import {Params} from "../types/Params.sol";
import {Seat} from "../types/Seat.sol";

/// @title CommitteeArbiter
/// @notice See `ICommitteeArbiter`.
contract CommitteeArbiter is ICommitteeArbiter {
    IMarket public immutable market;
    IBeacon private immutable _BEACON;
    uint32 private immutable _SEED_DELAY_BLOCKS;
    uint40 internal immutable _CONCEDE_SECONDS;
    uint40 private immutable _COMMIT_SECONDS;
    uint40 private immutable _REVEAL_SECONDS;
    uint40 private immutable _OPEN_SECONDS;

    mapping(uint256 disputeId => Committee) private _committees;

    /// @dev Market must already be there, and have been deployed with this contract's address.
    constructor(IMarket market_) {
        if (market_.arbiter() != address(this)) revert NotItsArbiter(market_.arbiter());
        Params memory p = market_.terms().params();
        market = market_;
        _BEACON = IBeacon(market_.beacon());
        _SEED_DELAY_BLOCKS = p.seedDelayBlocks;
        _CONCEDE_SECONDS = p.concedeSeconds;
        _COMMIT_SECONDS = p.commitSeconds;
        _REVEAL_SECONDS = p.revealSeconds;
        _OPEN_SECONDS = p.openSeconds;
    }

    /// @inheritdoc ICommitteeArbiter
    function drawCommittee(uint256 disputeId) public virtual {
        Dispute memory contested = _openDispute(disputeId);
        Committee storage drawn = _committeeOf(disputeId);
        if (drawn.isDrawn) revert CommitteeAlreadyDrawn(disputeId);
        uint256 concedeBy = uint256(contested.openedAt) + _CONCEDE_SECONDS;
        if (block.timestamp <= concedeBy) revert ConcedePhaseRunning(disputeId, concedeBy);
        // Whom the provider would have to convince is not known before it can no longer concede.
        uint64 seedBlock = drawn.seedBlock;
        bool isCalled = seedBlock != 0;
        if (isCalled && block.number <= seedBlock) {
            revert CommitteeSeedNotReady(disputeId, seedBlock);
        }
        bytes32 seed = isCalled ? _BEACON.valueAt(seedBlock) : bytes32(0);
        if (seed == 0) {
            drawn.seedBlock = uint64(block.number) + _SEED_DELAY_BLOCKS;
            emit CommitteeCalled(disputeId, drawn.seedBlock);
            return;
        }
        _draw(disputeId, contested, drawn, seed);
        market.holdSeats(disputeId, drawn.seatIds);
    }

    /// @inheritdoc ICommitteeArbiter
    function commitVote(uint256 disputeId, bytes32 commitment) external {
        _openDispute(disputeId);
        Committee storage drawn = _drawnCommittee(disputeId);
        (uint256 i, address member) = _memberFor(disputeId, drawn);
        if (block.timestamp > drawn.commitBy) revert CommitPhaseOver(disputeId, drawn.commitBy);
        if (commitment == 0) revert EmptyCommitment();
        if (drawn.commitments[i] != 0) revert AlreadyCommitted(disputeId, member);
        drawn.commitments[i] = commitment;
        drawn.committed += 1;
        emit VoteCommitted(disputeId, member);
    }

    /// @inheritdoc ICommitteeArbiter
    function revealVote(uint256 disputeId, bytes32 taskDigest, bytes32 salt) external {
        _openDispute(disputeId);
        Committee storage drawn = _drawnCommittee(disputeId);
        (uint256 i, address member) = _memberFor(disputeId, drawn);
        if (!_isCommitOver(drawn)) revert CommitPhaseRunning(disputeId, drawn.commitBy);
        if (block.timestamp > drawn.revealBy) revert RevealPhaseOver(disputeId, drawn.revealBy);
        if (_hasRevealed(drawn, i)) revert AlreadyRevealed(disputeId, member);
        if (drawn.commitments[i] != TaskResult.commitment(member, taskDigest, salt)) {
            revert CommitmentMismatch(disputeId, member);
        }
        drawn.digests[i] = taskDigest;
        drawn.revealedBitmap |= 1 << i;
        drawn.revealed += 1;
        emit VoteRevealed(disputeId, member, taskDigest);
    }

    /// @inheritdoc ICommitteeArbiter
    function openClaim(
        uint256 disputeId,
        bytes32 taskDigest,
        bytes32 salt,
        bytes32[] calldata proof
    ) external {
        Dispute memory contested = _openDispute(disputeId);
        Committee storage drawn = _drawnCommittee(disputeId);
        if (!_isRevealOver(drawn)) revert RevealPhaseRunning(disputeId, drawn.revealBy);
        if (block.timestamp > drawn.openBy) revert OpenPhaseOver(disputeId, drawn.openBy);
        if (drawn.isClaimOpened) revert ClaimAlreadyOpened(disputeId);
        _requireClaim(disputeId, contested, taskDigest, salt, proof);
        drawn.isClaimOpened = true;
        drawn.claimedDigest = taskDigest;
        emit ClaimOpened(disputeId, taskDigest);
    }

    /// @inheritdoc IArbiter
    function resolve(uint256 disputeId) public virtual {
        _openDispute(disputeId);
        Committee storage drawn = _committeeOf(disputeId);
        if (market.isMoot(disputeId)) {
            _rule(disputeId, _ruling(Verdict.None, 0, new address[](0), drawn.seatIds, 0, 0));
            return;
        }
        if (!drawn.isDrawn) revert CommitteeNotDrawn(disputeId);
        if (!_isRevealOver(drawn)) revert RevealPhaseRunning(disputeId, drawn.revealBy);
        (bytes32 digest, uint256 votes) = _majority(drawn);
        bool isClaimMissing = votes != 0 && !drawn.isClaimOpened;
        if (isClaimMissing && block.timestamp <= drawn.openBy) {
            revert OpenPhaseRunning(disputeId, drawn.openBy);
        }
        _rule(disputeId, _decide(drawn, digest, votes));
    }

    /// @inheritdoc ICommitteeArbiter
    function committee(uint256 disputeId) external view returns (Committee memory) {
        return _committeeOf(disputeId);
    }

    function _committeeOf(uint256 disputeId) internal view virtual returns (Committee storage) {
        return _committees[disputeId];
    }

    function _rule(uint256 disputeId, Ruling memory ruling) internal virtual {
        market.rule(disputeId, ruling);
    }

    /// @dev What is opened must be what the provider committed to.
    function _requireClaim(
        uint256 disputeId,
        Dispute memory contested,
        bytes32 taskDigest,
        bytes32 salt,
        bytes32[] calldata proof
    ) internal pure {
        bytes32 leaf = TaskResult.leaf(contested.leaseId, contested.task, taskDigest, salt);
        uint256 index = contested.task - contested.firstTask;
        if (!Merkle.verify(leaf, index, contested.count, proof, contested.resultRoot)) {
            revert ClaimMismatch(disputeId);
        }
    }

    function _draw(
        uint256 disputeId,
        Dispute memory contested,
        Committee storage drawn,
        bytes32 seed
    ) private {
        for (uint256 attempt; attempt < Sampling.MAX_DRAWS; ++attempt) {
            if (contested.seatCount == 0) break;
            if (drawn.members.length == contested.committeeSize) break;
            uint32 seatId = Sampling.committeeSeat(seed, disputeId, attempt, contested.seatCount);
            Seat memory seat = market.seat(seatId);
            if (!_isEligible(disputeId, seat, contested) || _isMember(drawn, seat.holder)) {
                continue;
            }
            (uint96 stakeWei,,) = market.seatStake(seatId);
            if (stakeWei == 0) continue; // nothing to lose; or released, and soon somebody else's
            drawn.members.push(seat.holder);
            drawn.seatIds.push(seatId);
            drawn.commitments.push();
            drawn.digests.push();
        }
        drawn.isDrawn = true;
        drawn.commitBy = uint40(block.timestamp) + _COMMIT_SECONDS;
        drawn.revealBy = drawn.commitBy + _REVEAL_SECONDS;
        drawn.openBy = drawn.revealBy + _OPEN_SECONDS;
        emit CommitteeDrawn(disputeId, drawn.members, drawn.commitBy, drawn.revealBy, drawn.openBy);
    }

    function _decide(Committee storage drawn, bytes32 digest, uint256 votes)
        internal
        view
        returns (Ruling memory)
    {
        uint256 count = drawn.members.length;
        address[] memory majority = new address[](votes);
        uint256 offenders = 0;
        uint256 absentees = 0;
        uint256 found = 0;
        uint256 attending = drawn.committed;
        for (uint256 i; i < count; ++i) {
            bool isSilent = !_hasRevealed(drawn, i);
            bytes32 vote = drawn.digests[i];
            bool isWithMajority = !isSilent && votes != 0 && vote == digest;
            if (isWithMajority) majority[found++] = drawn.members[i];
            if (vote == TaskResult.UNAVAILABLE) --attending;
            // Whoever never voted may have been kept from the inputs; whoever voted can reveal.
            if (drawn.commitments[i] == 0) absentees |= 1 << i;
            else if (isSilent) offenders |= 1 << i;
            else if (isWithMajority || votes < 2) continue;
            else if (_isExcused(drawn, vote, digest)) absentees |= 1 << i;
            else offenders |= 1 << i;
        }
        // Where many could not vote, inputs were kept from them: else who disputes tasks that nobody can
        // run could empty all seats but its own.
        if (3 * attending < 2 * count) absentees = 0;
        Verdict verdict = votes == 0 ? Verdict.None : _verdict(drawn, digest);
        return _ruling(verdict, digest, majority, drawn.seatIds, offenders, absentees);
    }

    function _verdict(Committee storage drawn, bytes32 digest) private view returns (Verdict) {
        if (digest == TaskResult.UNAVAILABLE) return Verdict.Unavailable;
        if (digest == TaskResult.OUT_OF_TOLERANCE) return Verdict.OutOfTolerance;
        bool isRight = drawn.isClaimOpened && drawn.claimedDigest == digest;
        return isRight ? Verdict.ChallengerLost : Verdict.ProviderLost;
    }

    /// @dev Whether a vote that is not the majority's may have been honest: inputs can be shown to some and
    /// kept from others, and what is just within tolerance for one is just beyond it for another.
    function _isExcused(Committee storage drawn, bytes32 vote, bytes32 majority)
        private
        view
        returns (bool)
    {
        if (majority == TaskResult.UNAVAILABLE || vote == TaskResult.UNAVAILABLE) return true;
        if (vote == TaskResult.OUT_OF_TOLERANCE) return true;
        // Of a claim that was never opened, nobody knows whether it is what was voted for.
        bool isClaim = !drawn.isClaimOpened || drawn.claimedDigest == vote;
        return isClaim && majority == TaskResult.OUT_OF_TOLERANCE;
    }

    /// @dev The digest that more than half of the revealed votes name; no votes if there is none.
    function _majority(Committee storage drawn)
        internal
        view
        returns (bytes32 digest, uint256 votes)
    {
        uint256 count = drawn.members.length;
        for (uint256 i; i < count; ++i) {
            if (!_hasRevealed(drawn, i)) continue;
            digest = drawn.digests[i];
            votes = 0;
            for (uint256 k; k < count; ++k) {
                if (_hasRevealed(drawn, k) && drawn.digests[k] == digest) ++votes;
            }
            if (2 * votes > drawn.revealed) return (digest, votes);
        }
        return (0, 0);
    }

    function _isEligible(uint256, Seat memory seat, Dispute memory contested)
        internal
        view
        virtual
        returns (bool)
    {
        bool isParty = seat.holder == contested.provider || seat.holder == contested.challenger
            || seat.holder == contested.requester || seat.holder == contested.operator;
        return
            !isParty && Sampling.isHeldAt(seat.takenBlock, seat.vacatedBlock, contested.openedBlock);
    }

    function _isMember(Committee storage drawn, address holder) private view returns (bool) {
        for (uint256 i; i < drawn.members.length; ++i) {
            if (drawn.members[i] == holder) return true;
        }
        return false;
    }

    /// @dev The member that the caller is, or that the caller is a device of.
    function _memberFor(uint256 disputeId, Committee storage drawn)
        private
        view
        returns (uint256 i, address member)
    {
        (address wallet, uint40 notAfter) = market.deviceOf(msg.sender);
        bool isDevice = wallet != address(0) && notAfter >= block.timestamp;
        for (; i < drawn.members.length; ++i) {
            member = drawn.members[i];
            if (member == msg.sender) return (i, member);
        }
        for (i = 0; isDevice && i < drawn.members.length; ++i) {
            member = drawn.members[i];
            if (member == wallet) return (i, member);
        }
        revert NotAMember(disputeId, msg.sender);
    }

    function _isCommitOver(Committee storage drawn) private view returns (bool) {
        return drawn.committed == drawn.members.length || block.timestamp > drawn.commitBy;
    }

    /// @dev Everybody who can still reveal has done so, or time is up.
    function _isRevealOver(Committee storage drawn) internal view returns (bool) {
        bool isComplete = _isCommitOver(drawn) && drawn.revealed == drawn.committed;
        return isComplete || block.timestamp > drawn.revealBy;
    }

    function _hasRevealed(Committee storage drawn, uint256 i) internal view returns (bool) {
        return drawn.revealedBitmap & (1 << i) != 0;
    }

    function _openDispute(uint256 disputeId) internal view returns (Dispute memory contested) {
        contested = market.dispute(disputeId);
        if (contested.status != DisputeStatus.Open) revert DisputeNotOpen(disputeId);
    }

    function _drawnCommittee(uint256 disputeId) private view returns (Committee storage drawn) {
        drawn = _committeeOf(disputeId);
        if (!drawn.isDrawn) revert CommitteeNotDrawn(disputeId);
    }

    function _ruling(
        Verdict verdict,
        bytes32 digest,
        address[] memory majority,
        uint32[] memory seatIds,
        uint256 offenders,
        uint256 absentees
    ) internal pure returns (Ruling memory) {
        return Ruling(verdict, digest, majority, seatIds, offenders, absentees);
    }
}
