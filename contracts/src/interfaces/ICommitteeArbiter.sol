// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "./IArbiter.sol";

/// @notice A committee drawn from the verifiers' seats re-runs the contested task and votes by
/// commit-reveal. A phase ends when everybody has acted, at the latest at its deadline.
///
/// A vote is the task's digest, or one of the two words of `TaskResult`: that the provider's result is out
/// of tolerance, or that the member was not given what it would have to run. More than half of the votes
/// revealed decide. Whoever voted and did not reveal, or revealed against two or more, loses its seat and
/// stake; but only the seat, where its vote may have been honest: one of the words, any vote where most had
/// no inputs, or the provider's claim where most found that out of tolerance. So does who never voted. And
/// these keep the seat too, where fewer than two thirds had something to judge by.
///
/// Assumptions: fewer than half of the drawn members collude; the beacon is not known before the
/// committee is called.
interface ICommitteeArbiter is IArbiter {
    struct Committee {
        /// @dev The block whose beacon value draws the committee.
        uint64 seedBlock;
        uint40 commitBy;
        uint40 revealBy;
        uint40 openBy;
        uint8 committed;
        uint8 revealed;
        bool isDrawn;
        bool isClaimOpened;
        /// @dev What the provider committed to, once opened.
        bytes32 claimedDigest;
        address[] members;
        uint32[] seatIds;
        /// @dev Per member; zero while missing.
        bytes32[] commitments;
        bytes32[] digests;
        /// @dev Bit i: member i has revealed.
        uint256 revealedBitmap;
    }

    event CommitteeDrawn(
        uint256 indexed disputeId,
        address[] members,
        uint40 commitBy,
        uint40 revealBy,
        uint40 openBy
    );
    /// @notice Block `seedBlock` draws the committee; said again if its value was not used in time.
    event CommitteeCalled(uint256 indexed disputeId, uint64 seedBlock);
    event VoteCommitted(uint256 indexed disputeId, address indexed member);
    event VoteRevealed(uint256 indexed disputeId, address indexed member, bytes32 taskDigest);
    event ClaimOpened(uint256 indexed disputeId, bytes32 taskDigest);

    /// @dev Market was deployed with another arbiter: deploy Market with this address.
    error NotItsArbiter(address arbiter);
    /// @dev The dispute is over or was never opened.
    error DisputeNotOpen(uint256 disputeId);
    /// @dev The provider may still concede until `concedeBy`.
    error ConcedePhaseRunning(uint256 disputeId, uint256 concedeBy);
    /// @dev Wait until block `seedBlock` has been mined.
    error CommitteeSeedNotReady(uint256 disputeId, uint256 seedBlock);
    error CommitteeAlreadyDrawn(uint256 disputeId);
    /// @dev Call `drawCommittee` first.
    error CommitteeNotDrawn(uint256 disputeId);
    error NotAMember(uint256 disputeId, address caller);
    error EmptyCommitment();
    error AlreadyCommitted(uint256 disputeId, address member);
    error CommitPhaseOver(uint256 disputeId, uint256 commitBy);
    /// @dev Votes are still being committed, until `commitBy` at the latest.
    error CommitPhaseRunning(uint256 disputeId, uint256 commitBy);
    error AlreadyRevealed(uint256 disputeId, address member);
    error RevealPhaseOver(uint256 disputeId, uint256 revealBy);
    /// @dev Votes are still being revealed, until `revealBy` at the latest.
    error RevealPhaseRunning(uint256 disputeId, uint256 revealBy);
    /// @dev Digest and salt are not those of the commitment.
    error CommitmentMismatch(uint256 disputeId, address member);
    error ClaimAlreadyOpened(uint256 disputeId);
    error OpenPhaseOver(uint256 disputeId, uint256 openBy);
    /// @dev The provider's claim may still be opened until `openBy`.
    error OpenPhaseRunning(uint256 disputeId, uint256 openBy);
    /// @dev Digest, salt and proof do not lead to the lease's resultRoot.
    error ClaimMismatch(uint256 disputeId);

    /// @notice Once the concede window is over: the first call names a later block, a second one after
    /// it draws the committee, of holders whose seats still have stake. Anyone.
    function drawCommittee(uint256 disputeId) external;

    /// @notice A member (or its device) binds itself to keccak(member, digest, salt).
    function commitVote(uint256 disputeId, bytes32 commitment) external;

    /// @notice A member (or its device) shows what it committed to: a digest, or one of the two words.
    function revealVote(uint256 disputeId, bytes32 taskDigest, bytes32 salt) external;

    /// @notice Show which digest the provider committed to, after the votes are revealed. Anyone.
    function openClaim(
        uint256 disputeId,
        bytes32 taskDigest,
        bytes32 salt,
        bytes32[] calldata proof
    ) external;

    /// @notice A dispute's committee; all zero until it is drawn.
    function committee(uint256 disputeId) external view returns (Committee memory);
}
