// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../interfaces/IMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {AuditClaim, AuditResult, AuditResultHash} from "../types/AuditResult.sol";
import {LeaseResult, LeaseResultHash} from "../types/LeaseResult.sol";
import {Batches} from "./Batches.sol";

/// @notice Pays drawn verifiers for their audits.
abstract contract Audits is Batches {
    using AuditResultHash for AuditResult;
    using Bitmap for Bitmap.Set;
    using LeaseResultHash for LeaseResult;

    mapping(uint256 batchId => Bitmap.Set) private _paidAudits;

    /// @inheritdoc IMarket
    function payAudits(uint256 batchId, AuditClaim[] calldata claims) external {
        _requireFew(claims.length);
        Batch storage state = _knownBatch(batchId);
        if (state.seed == 0) revert SeedNotFixed(batchId);
        for (uint256 i; i < claims.length; ++i) {
            _pay(batchId, state, claims[i]);
        }
    }

    /// @inheritdoc IMarket
    function isAuditPaid(uint256 batchId, uint16 index, uint32 task) external view returns (bool) {
        return _paidAudits[batchId].has(_key(index, task));
    }

    function _pay(uint256 batchId, Batch storage state, AuditClaim memory claim) private {
        LeaseResult memory lease = claim.lease.result;
        _requireLease(batchId, state, claim.lease, claim.index, claim.proof);
        _requireTask(lease, claim.task);
        _requireDrawn(state, claim);
        _requireAudited(batchId, claim);
        uint256 key = _key(claim.index, claim.task);
        if (_paidAudits[batchId].has(key)) revert AuditAlreadyPaid(lease.leaseId, claim.task);
        _paidAudits[batchId].add(key);
        JobState storage jobState = _liveJob(lease.jobId);
        uint256 feeWei = _min(Pricing.auditFeeWei(lease.pricePerTask()), jobState.auditEscrowWei);
        jobState.auditEscrowWei -= uint128(feeWei);
        _credit(claim.verifier, feeWei);
        emit AuditPaid(batchId, lease.leaseId, claim.verifier, lease.jobId, claim.task, feeWei);
    }

    /// @dev The seed draws the task, and the claim's attempt is the first that finds somebody.
    function _requireDrawn(Batch storage state, AuditClaim memory claim) private view {
        LeaseResult memory lease = claim.lease.result;
        bytes32 seed = state.seed;
        if (!Sampling.isAudited(seed, lease.leaseId, claim.task, claim.lease.auditRatePpm)) {
            revert TaskNotDrawn(lease.leaseId, claim.task);
        }
        uint32 seats = state.seatCount;
        bool isPossible = claim.attempt < Sampling.MAX_DRAWS && seats != 0;
        for (uint256 attempt; isPossible && attempt <= claim.attempt; ++attempt) {
            uint32 seatId = Sampling.seatFor(seed, lease.leaseId, claim.task, attempt, seats);
            address found = _eligible(_holderAt(seatId, state.commitBlock), lease);
            isPossible = attempt < claim.attempt ? found == address(0) : found == claim.verifier;
        }
        if (!isPossible || claim.verifier == address(0)) {
            revert VerifierNotDrawn(claim.verifier, claim.attempt);
        }
    }

    function _eligible(address holder, LeaseResult memory lease) private view returns (address) {
        JobState storage jobState = _jobs[lease.jobId];
        bool isParty =
            holder == lease.provider || holder == jobState.requester || holder == jobState.operator;
        return isParty ? address(0) : holder;
    }

    function _requireAudited(uint256 batchId, AuditClaim memory claim) private view {
        AuditResult memory result = AuditResult(
            batchId, claim.lease.result.leaseId, claim.task, claim.taskDigest, claim.salt
        );
        _requireSignedFor(claim.verifier, _typedDigest(result.hash()), claim.signature);
    }

    function _key(uint16 index, uint32 task) private pure returns (uint256) {
        return uint256(index) << 32 | task;
    }
}
