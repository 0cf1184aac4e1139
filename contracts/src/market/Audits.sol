// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../interfaces/IAnnex.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {
    AcceptedAudit,
    AuditClaim,
    AuditRef,
    AuditResult,
    AuditResultHash
} from "../types/AuditResult.sol";
import {Batch, BatchId} from "../types/Batch.sol";
import {BatchWord} from "../types/BatchState.sol";
import {JobWord} from "../types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../types/LeaseResult.sol";
import {TaskResult} from "../types/TaskResult.sol";
import {Leases} from "./Leases.sol";
import {Seats} from "./Seats.sol";

/// @notice Seeds, the audits of the verifiers that they draw, and pay for these.
abstract contract Audits is Leases, Seats {
    using AuditResultHash for AuditResult;
    using BatchId for Batch;
    using LeaseResultHash for LeaseResult;

    /// @dev What a draw depends on.
    struct DrawFacts {
        bytes32 seed;
        uint256 commitBlock;
        uint32 seatCount;
        address requester;
        address operator;
    }

    /// @dev By batch, and by line, task and round.
    mapping(bytes32 batchId => mapping(uint256 key => AcceptedAudit)) private _audits;

    /// @inheritdoc IAnnex
    function fixSeed(bytes32 batchId) external {
        BatchWord state = _batches[batchId];
        if (state.isUnknown()) revert UnknownBatch(batchId);
        if (_seeds[batchId] != 0) revert SeedAlreadyFixed(batchId);
        _fixedSeed(batchId, state);
    }

    /// @inheritdoc IAnnex
    function acceptAudits(Batch calldata batch_, uint24 seatCount_, AuditClaim[] calldata claims)
        external
    {
        _requireFew(claims.length);
        (bytes32 batchId, BatchWord state) = _knownBatch(batch_);
        _requireSeatCount(seatCount_, state.commitBlock());
        bytes32 seed = _fixedSeed(batchId, state);
        for (uint256 i; i < claims.length; ++i) {
            AuditClaim calldata claim = claims[i];
            if (claim.line >= batch_.lines.length) revert NoSuchLine(batchId, claim.line);
            if (state.isFinished(claim.line)) revert LeaseFinished(batchId, claim.line);
            LeaseResult memory lease = _result(batch_, claim.line);
            DrawFacts memory facts = DrawFacts(
                seed,
                state.commitBlock(),
                seatCount_,
                batch_.jobs[batch_.lines[claim.line].terms.job()].owner.requester(),
                batch_.operator
            );
            uint256 stakeWei =
                batch_.providers[batch_.lines[claim.line].terms.provider()].stakeWei();
            _accept(batchId, facts, lease, stakeWei, claim);
        }
    }

    /// @inheritdoc IAnnex
    function payAudits(Batch calldata batch_, AuditRef[] calldata refs) external {
        _requireFew(refs.length);
        bytes32 batchId = batch_.idOf();
        BatchWord state = _batches[batchId];
        for (uint256 i; i < refs.length; ++i) {
            AuditRef calldata ref = refs[i];
            AcceptedAudit storage done = _audits[batchId][_key(ref.line, ref.task, ref.round)];
            uint256 feeWei = done.feeWei;
            if (feeWei == 0) revert NoFeeLeft(batchId, ref.line, ref.task, ref.round);
            // Of a forgotten batch, everything is finished.
            bool isFinished = state.isUnknown() || state.isFinished(ref.line);
            if (!isFinished) revert LeaseNotFinished(batchId, ref.line);
            done.feeWei = 0;
            LeaseResult memory lease = _result(batch_, ref.line);
            address payee = _payee(batch_, ref.line, lease, done);
            _credit(payee, feeWei);
            emit AuditPaid(batchId, lease.leaseId, payee, lease.jobId, ref.task, ref.round, feeWei);
        }
    }

    /// @inheritdoc IAnnex
    function seedOf(bytes32 batchId) external view returns (bytes32 seed) {
        seed = _seeds[batchId];
        BatchWord state = _batches[batchId];
        if (seed == 0 && !state.isUnknown()) seed = _mixed(batchId, _seedBlock(state));
    }

    /// @inheritdoc IAnnex
    function acceptedAudit(bytes32 batchId, uint8 line, uint32 task, uint8 round)
        external
        view
        returns (AcceptedAudit memory)
    {
        return _audits[batchId][_key(line, task, round)];
    }

    /// @dev The seat that was drawn for an audit which is found wrong, once.
    function _refute(bytes32 batchId, uint256 line, uint256 task, uint256 round)
        internal
        returns (uint32 seatId)
    {
        AcceptedAudit storage done = _audits[batchId][_key(line, task, round)];
        if (done.acceptedBlock == 0 || done.isRefuted) {
            revert AuditNotAccepted(batchId, line, task, round);
        }
        done.isRefuted = true;
        return done.seatId;
    }

    /// @dev Whoever agreed with what was lost gets nothing: its friend could else let it earn by nonsense.
    function _payee(
        Batch calldata batch_,
        uint256 line,
        LeaseResult memory lease,
        AcceptedAudit storage done
    ) private view returns (address) {
        bool isEarned = !done.isRefuted && !_voidResults[lease.hash()]
            && !_isTakenAfter(done.seatId, done.acceptedBlock);
        if (isEarned) return _holderOf(done.seatId);
        return batch_.jobs[batch_.lines[line].terms.job()].owner.requester();
    }

    function _seedBlock(BatchWord state) private view returns (uint256) {
        return state.commitBlock() + _SEED_DELAY_BLOCKS;
    }

    function _fixedSeed(bytes32 batchId, BatchWord state) private returns (bytes32 seed) {
        seed = _seeds[batchId];
        if (seed != 0) return seed;
        uint256 seedBlock = _seedBlock(state);
        if (block.number <= seedBlock) revert SeedNotReady(batchId, seedBlock);
        seed = _mixed(batchId, seedBlock);
        if (seed == 0) revert SeedGone(batchId, seedBlock);
        _seeds[batchId] = seed;
        emit SeedFixed(batchId, seed);
    }

    function _accept(
        bytes32 batchId,
        DrawFacts memory facts,
        LeaseResult memory lease,
        uint256 stakeWei,
        AuditClaim calldata claim
    ) private {
        _requireTask(lease, claim.task);
        uint256 priceWei = lease.pricePerTask();
        uint256 round = claim.attempt / Sampling.MAX_DRAWS;
        uint32 rate = Pricing.auditRatePpm(priceWei, stakeWei);
        if (round >= Sampling.auditRounds(facts.seed, lease.leaseId, claim.task, rate)) {
            revert TaskNotDrawn(lease.leaseId, claim.task, round);
        }
        uint32 seatId = _requireDrawn(facts, lease, claim);
        _requireAudited(batchId, lease, claim);
        uint256 key = _key(claim.line, claim.task, round);
        if (_audits[batchId][key].acceptedBlock != 0) {
            revert AuditAlreadyAccepted(lease.leaseId, claim.task, round);
        }
        JobWord word = _jobs[lease.jobId];
        uint256 feeWei = _min(Pricing.auditFeeWei(priceWei), word.auditEscrowWei());
        _jobs[lease.jobId] = word.withoutFee(feeWei);
        _audits[batchId][key] = AcceptedAudit(seatId, uint48(block.number), uint88(feeWei), false);
        emit AuditAccepted(
            batchId, lease.leaseId, claim.verifier, lease.jobId, claim.task, uint8(round), feeWei
        );
    }

    /// @dev The claim's attempt is the first of its round that finds somebody: another than the first
    /// round has found, in the second.
    function _requireDrawn(
        DrawFacts memory facts,
        LeaseResult memory lease,
        AuditClaim calldata claim
    ) private view returns (uint32 seatId) {
        address first = address(0);
        uint256 start = 0;
        if (claim.attempt >= Sampling.MAX_DRAWS) {
            (first,,) = _firstDrawn(facts, lease, claim.task, 0, address(0));
            start = Sampling.MAX_DRAWS;
        }
        address found;
        uint256 attempt;
        (found, seatId, attempt) = _firstDrawn(facts, lease, claim.task, start, first);
        if (found == address(0) || found != claim.verifier || attempt != claim.attempt) {
            revert VerifierNotDrawn(claim.verifier, claim.attempt);
        }
    }

    /// @dev The first eligible seat of a round, who held it, and the attempt; nobody if all fail.
    function _firstDrawn(
        DrawFacts memory facts,
        LeaseResult memory lease,
        uint32 task,
        uint256 start,
        address excluded
    ) private view returns (address holder, uint32 seatId, uint256 attempt) {
        if (facts.seatCount == 0) return (address(0), 0, 0);
        for (attempt = start; attempt < start + Sampling.MAX_DRAWS; ++attempt) {
            seatId = Sampling.seatFor(facts.seed, lease.leaseId, task, attempt, facts.seatCount);
            holder = _holderAt(seatId, facts.commitBlock);
            bool isParty = holder == lease.provider || holder == facts.requester
                || holder == facts.operator || holder == excluded;
            if (holder != address(0) && !isParty) return (holder, seatId, attempt);
        }
        return (address(0), 0, 0);
    }

    /// @dev The verifier signed a digest, and it is the provider's.
    function _requireAudited(bytes32 batchId, LeaseResult memory lease, AuditClaim calldata claim)
        private
        view
    {
        AuditResult memory result =
            AuditResult(batchId, lease.leaseId, claim.task, claim.taskDigest, claim.salt);
        _requireSignedFor(claim.verifier, _typedDigest(result.hash()), claim.signature);
        bytes32 leaf = TaskResult.leaf(lease.leaseId, claim.task, claim.taskDigest, claim.leafSalt);
        uint256 index = claim.task - lease.firstTask;
        if (!Merkle.verify(leaf, index, lease.count, claim.proof, lease.resultRoot)) {
            revert AuditDisagrees(lease.leaseId, claim.task);
        }
    }

    /// @dev Batches of one block must not share their draws.
    function _mixed(bytes32 batchId, uint256 seedBlock) private view returns (bytes32 seed) {
        seed = _BEACON.valueAt(seedBlock);
        if (seed != 0) seed = keccak256(abi.encode(seed, batchId));
    }

    function _key(uint256 line, uint256 task, uint256 round) private pure returns (uint256) {
        return round << 64 | line << 32 | task;
    }
}
