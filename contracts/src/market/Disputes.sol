// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../interfaces/IMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Dispute, DisputeStatus, Ruling, Verdict} from "../types/Dispute.sol";
import {CommittedLease, LeaseResult} from "../types/LeaseResult.sol";
import {Batches} from "./Batches.sol";

/// @notice Contested tasks: bonds, concessions, rulings and penalties.
abstract contract Disputes is Batches {
    using Bitmap for Bitmap.Set;

    uint256 private constant _REQUESTER_PERCENT = 40;
    uint256 private constant _CHALLENGER_PERCENT = 30;
    uint256 private constant _COMMITTEE_PERCENT = 20;

    Dispute[] private _disputes;
    mapping(uint256 batchId => Bitmap.Set) private _disputedTasks;
    mapping(uint256 batchId => mapping(uint256 index => uint256)) private _openDisputes;

    /// @inheritdoc IMarket
    function openDispute(
        uint256 batchId,
        CommittedLease memory lease,
        uint16 index,
        bytes32[] memory proof,
        uint32 task
    ) external returns (uint256 disputeId) {
        Batch storage state = _knownBatch(batchId);
        if (state.seed != 0 && block.timestamp > state.windowEndsAt) {
            revert WindowOver(batchId, state.windowEndsAt);
        }
        _requireLease(batchId, state, lease, index, proof);
        _requireTask(lease.result, task);
        if (_isFinished(state, index)) revert LeaseFinished(batchId, index);
        uint256 key = uint256(index) << 32 | task;
        if (_disputedTasks[batchId].has(key)) {
            revert TaskAlreadyDisputed(lease.result.leaseId, task);
        }
        _spend(msg.sender, _DISPUTE_BOND_WEI);
        _disputedTasks[batchId].add(key);
        _openDisputes[batchId][index] += 1;
        _accounts[lease.result.provider].openDisputes += 1;
        state.disputedBitmap |= 1 << index;
        disputeId = _storeDispute(batchId, lease.result, index, task);
        emit DisputeOpened(
            disputeId,
            lease.result.leaseId,
            msg.sender,
            batchId,
            task,
            lease.result.provider,
            lease,
            index
        );
    }

    /// @inheritdoc IMarket
    function concede(uint256 disputeId) external {
        Dispute storage contested = _openDispute(disputeId);
        if (!_actsFor(msg.sender, contested.provider)) {
            revert NotTheProvider(contested.provider, msg.sender);
        }
        uint256 endsAt = uint256(contested.openedAt) + _CONCEDE_SECONDS;
        if (block.timestamp > endsAt) revert ConcedePeriodOver(disputeId, endsAt);
        Batch storage state = _knownBatch(contested.batchId);
        if (_isFinished(state, contested.index)) {
            revert LeaseFinished(contested.batchId, contested.index);
        }
        _endDispute(contested, DisputeStatus.Conceded, Verdict.ProviderLost);
        emit DisputeConceded(disputeId);
        _credit(contested.challenger, contested.bondWei);
        if (_accounts[contested.provider].strikes == 0) {
            _payConcession(contested);
        } else {
            _slash(disputeId, contested, new address[](0));
        }
        _finish(state, contested);
    }

    /// @inheritdoc IMarket
    function rule(uint256 disputeId, Ruling memory ruling) external {
        if (msg.sender != _ARBITER) revert NotTheArbiter(_ARBITER, msg.sender);
        Dispute storage contested = _openDispute(disputeId);
        Batch storage state = _knownBatch(contested.batchId);
        bool moot = _isFinished(state, contested.index);
        Verdict verdict = moot ? Verdict.None : ruling.verdict;
        _endDispute(contested, DisputeStatus.Resolved, verdict);
        emit DisputeResolved(disputeId, uint8(verdict));
        uint256 offenders = moot ? 0 : ruling.offenders;
        uint256 absentees = moot ? 0 : ruling.absentees;
        for (uint256 i; i < ruling.seatIds.length; ++i) {
            uint256 bit = 1 << i;
            burntWei += _endDuty(
                disputeId, ruling.seatIds[i], absentees & bit != 0, offenders & bit != 0
            );
        }
        if (verdict == Verdict.ChallengerLost) {
            _forfeitBond(contested, ruling.majority);
            return;
        }
        _credit(contested.challenger, contested.bondWei);
        if (verdict == Verdict.ProviderLost) {
            _slash(disputeId, contested, ruling.majority);
            _finish(state, contested);
        }
    }

    /// @inheritdoc IMarket
    function dispute(uint256 disputeId) external view returns (Dispute memory) {
        return _knownDispute(disputeId);
    }

    /// @inheritdoc IMarket
    function disputeCount() external view returns (uint256) {
        return _disputes.length;
    }

    /// @inheritdoc IMarket
    function isMoot(uint256 disputeId) external view returns (bool) {
        Dispute storage contested = _knownDispute(disputeId);
        return contested.status == DisputeStatus.Open
            && _isFinished(_knownBatch(contested.batchId), contested.index);
    }

    function _storeDispute(uint256 batchId, LeaseResult memory lease, uint16 index, uint32 task)
        private
        returns (uint256 disputeId)
    {
        Dispute storage contested = _disputes.push();
        disputeId = _disputes.length;
        contested.batchId = batchId;
        contested.jobId = lease.jobId;
        contested.leaseId = lease.leaseId;
        contested.resultRoot = lease.resultRoot;
        contested.challenger = msg.sender;
        contested.openedAt = uint40(block.timestamp);
        contested.openedBlock = uint48(block.number);
        contested.provider = lease.provider;
        contested.firstTask = lease.firstTask;
        contested.count = lease.count;
        contested.task = task;
        contested.seatCount = seatCount();
        contested.amount = lease.amount;
        contested.bondWei = _DISPUTE_BOND_WEI;
        contested.index = index;
        contested.status = DisputeStatus.Open;
    }

    function _endDispute(Dispute storage contested, DisputeStatus status, Verdict verdict) private {
        contested.status = status;
        contested.verdict = verdict;
        _accounts[contested.provider].openDisputes -= 1;
        uint256 left = --_openDisputes[contested.batchId][contested.index];
        if (left == 0) {
            _knownBatch(contested.batchId).disputedBitmap &= ~(1 << uint256(contested.index));
        }
    }

    /// @dev The provider has lost the lease: no pay, its tasks are free again.
    function _finish(Batch storage state, Dispute storage contested) private {
        state.finishedBitmap |= 1 << uint256(contested.index);
        _accounts[contested.provider].strikes += 1;
        _releaseLease(
            contested.batchId,
            contested.jobId,
            contested.leaseId,
            contested.provider,
            contested.firstTask,
            contested.count,
            contested.amount
        );
    }

    function _payConcession(Dispute storage contested) private {
        uint256 feeWei = Pricing.auditFeeWei(contested.amount / contested.count);
        uint256 paidWei = _takeStake(_accounts[contested.provider], feeWei);
        _credit(contested.challenger, paidWei);
    }

    function _slash(uint256 disputeId, Dispute storage contested, address[] memory majority)
        private
    {
        uint256 wantedWei = uint256(_SLASH_MULTIPLE) * (contested.amount / contested.count);
        Account storage provider = _accounts[contested.provider];
        provider.forfeitBlock = uint64(block.number);
        uint256 slashedWei = _takeStake(provider, wantedWei);
        uint256 toRequester = slashedWei * _REQUESTER_PERCENT / 100;
        uint256 toChallenger = slashedWei * _CHALLENGER_PERCENT / 100;
        uint256 toCommittee = _share(slashedWei * _COMMITTEE_PERCENT / 100, majority);
        uint256 burning = slashedWei - toRequester - toChallenger - toCommittee;
        _credit(_jobs[contested.jobId].requester, toRequester);
        _credit(contested.challenger, toChallenger);
        burntWei += burning;
        emit Slashed(
            disputeId,
            contested.provider,
            contested.leaseId,
            slashedWei,
            toRequester,
            toChallenger,
            toCommittee,
            burning
        );
    }

    function _forfeitBond(Dispute storage contested, address[] memory majority) private {
        uint256 half = contested.bondWei / 2;
        _credit(contested.provider, half);
        burntWei += contested.bondWei - half - _share(half, majority);
    }

    /// @dev Credit `amountWei` in equal parts; what does not divide is not given.
    function _share(uint256 amountWei, address[] memory owners) private returns (uint256 givenWei) {
        if (owners.length == 0) return 0;
        uint256 each = amountWei / owners.length;
        for (uint256 i; i < owners.length; ++i) {
            _credit(owners[i], each);
        }
        return each * owners.length;
    }

    function _isFinished(Batch storage state, uint256 index) private view returns (bool) {
        return state.finishedBitmap & (1 << index) != 0;
    }

    function _knownDispute(uint256 disputeId) private view returns (Dispute storage) {
        if (disputeId == 0 || disputeId > _disputes.length) revert UnknownDispute(disputeId);
        return _disputes[disputeId - 1];
    }

    function _openDispute(uint256 disputeId) private view returns (Dispute storage contested) {
        contested = _knownDispute(disputeId);
        if (contested.status != DisputeStatus.Open) revert DisputeNotOpen(disputeId);
    }
}
