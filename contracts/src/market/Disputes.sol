// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../interfaces/IAnnex.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {Account} from "../types/Account.sol";
import {
    AuditCommitment,
    AuditCommitmentHash,
    AuditResult,
    AuditResultHash,
    Equivocation
} from "../types/AuditResult.sol";
import {Batch, BatchId} from "../types/Batch.sol";
import {BatchWord} from "../types/BatchState.sol";
import {Dispute, DisputeStatus, Ruling, Verdict} from "../types/Dispute.sol";
import {DisputeTerms} from "../types/DisputeTerms.sol";
import {LeaseResult, LeaseResultHash} from "../types/LeaseResult.sol";
import {TaskResult} from "../types/TaskResult.sol";
import {Audits} from "./Audits.sol";

/// @notice Contested tasks: bonds, concessions, rulings and penalties.
abstract contract Disputes is Audits {
    using AuditCommitmentHash for AuditCommitment;
    using AuditResultHash for AuditResult;
    using BatchId for Batch;
    using Bitmap for Bitmap.Set;
    using LeaseResultHash for LeaseResult;

    /// @dev And at most the task's price: a requester may be the cheater itself, that would move its
    /// stake out of reach by a penalty in a job of its own.
    uint256 private constant _REQUESTER_PERCENT = 40;
    /// @dev Little, since a challenger may be the cheater's friend; and of a concession less.
    uint256 private constant _CHALLENGER_PERCENT = 15;
    uint256 private constant _COMMITTEE_PERCENT = 20;
    uint256 private constant _CONCEDED_REQUESTER_PERCENT = 50;
    uint256 private constant _CONCEDED_CHALLENGER_PERCENT = 10;
    /// @dev Of a verifier's seat, to who found it out: perhaps its friend.
    uint256 private constant _REPORTER_PERCENT = 15;

    /// @dev Of one lease.
    struct OpenDisputes {
        uint32 count;
        /// @dev When it came into dispute; until all of them are over.
        uint40 since;
    }

    Dispute[] private _disputes;
    mapping(bytes32 batchId => Bitmap.Set) private _disputedTasks;
    mapping(bytes32 batchId => mapping(uint256 line => OpenDisputes)) private _openDisputes;

    /// @inheritdoc IAnnex
    function openDispute(Batch calldata batch_, uint8 line, uint32 task)
        external
        returns (uint256 disputeId)
    {
        (bytes32 batchId, BatchWord state) = _knownBatch(batch_);
        uint256 endsAt = _windowEndsAt(state);
        if (block.timestamp > endsAt) revert WindowOver(batchId, endsAt);
        if (line >= batch_.lines.length) revert NoSuchLine(batchId, line);
        LeaseResult memory lease = _result(batch_, line);
        _requireTask(lease, task);
        if (state.isFinished(line)) revert LeaseFinished(batchId, line);
        uint256 key = uint256(line) << 32 | task;
        if (_disputedTasks[batchId].has(key)) revert TaskAlreadyDisputed(lease.leaseId, task);
        address challenger = _caller();
        DisputeTerms memory current = _TERMS.disputeTerms();
        uint256 bondWei =
            Pricing.bondWei(lease.pricePerTask(), lease.amount, current.disputeBondWei);
        _spend(challenger, bondWei);
        _disputedTasks[batchId].add(key);
        OpenDisputes storage open = _openDisputes[batchId][line];
        if (open.count++ == 0) open.since = uint40(block.timestamp);
        _accounts[lease.provider].openDisputes += 1;
        _batches[batchId] = state.disputed(line);
        address requester = batch_.jobs[batch_.lines[line].terms.job()].owner.requester();
        disputeId = _storeDispute(batchId, lease, line, task, challenger);
        Dispute storage contested = _disputes[disputeId - 1];
        contested.bondWei = uint96(bondWei);
        contested.slashMultiple = current.slashMultiple;
        contested.concedeMultiple = current.concedeMultiple;
        contested.committeeSize = current.committeeSize;
        contested.requester = requester;
        contested.operator = batch_.operator;
        emit DisputeOpened(
            disputeId,
            lease.leaseId,
            challenger,
            batchId,
            task,
            line,
            lease,
            requester,
            batch_.operator
        );
    }

    /// @inheritdoc IAnnex
    function concede(uint256 disputeId) external {
        Dispute storage contested = _openDispute(disputeId);
        address provider = _caller();
        if (!_actsFor(provider, contested.provider)) {
            revert NotTheProvider(contested.provider, provider);
        }
        // From when the lease came into dispute: who fights cannot concede another task of it when it
        // sees the votes.
        uint256 endsAt =
            _openDisputes[contested.batchId][contested.line].since + uint256(_CONCEDE_SECONDS);
        if (block.timestamp > endsAt) revert ConcedePeriodOver(disputeId, endsAt);
        if (_isMoot(contested)) revert LeaseFinished(contested.batchId, contested.line);
        _endDispute(contested, DisputeStatus.Conceded, Verdict.ProviderLost);
        emit DisputeConceded(disputeId);
        _credit(contested.challenger, contested.bondWei);
        bool isFirst = ++_accounts[contested.provider].strikes == 1;
        if (isFirst) _payPart(disputeId, contested, new address[](0));
        else _slash(disputeId, contested, new address[](0));
        _finish(contested);
    }

    /// @inheritdoc IAnnex
    function rule(uint256 disputeId, Ruling memory ruling) external {
        if (msg.sender != _ARBITER) revert NotTheArbiter(_ARBITER, msg.sender);
        Dispute storage contested = _openDispute(disputeId);
        bool moot = _isMoot(contested);
        Verdict verdict = moot ? Verdict.None : ruling.verdict;
        _endDispute(contested, DisputeStatus.Resolved, verdict);
        contested.ruledDigest = ruling.digest;
        emit DisputeResolved(disputeId, uint8(verdict));
        uint256 offenders = moot ? 0 : ruling.offenders;
        uint256 absentees = moot ? 0 : ruling.absentees;
        for (uint256 i; i < ruling.seatIds.length; ++i) {
            uint256 bit = 1 << i;
            _burn(
                _endDuty(disputeId, ruling.seatIds[i], absentees & bit != 0, offenders & bit != 0)
            );
        }
        if (verdict == Verdict.ChallengerLost) {
            _forfeitBond(contested, ruling.majority);
            return;
        }
        _credit(contested.challenger, contested.bondWei);
        if (verdict == Verdict.None) return;
        if (verdict == Verdict.ProviderLost) {
            ++_accounts[contested.provider].strikes;
            _slash(disputeId, contested, ruling.majority);
        } else if (verdict == Verdict.OutOfTolerance) {
            _payPart(disputeId, contested, ruling.majority);
        } else {
            _fineOperator(disputeId, contested);
        }
        _finish(contested);
    }

    /// @inheritdoc IAnnex
    function contradict(
        uint256 disputeId,
        uint8 round,
        bytes32 claimedDigest,
        bytes32 leafSalt,
        bytes32[] calldata proof
    ) external {
        Dispute storage lost = _knownDispute(disputeId);
        bool isRuled = lost.status == DisputeStatus.Resolved && lost.verdict == Verdict.ProviderLost;
        if (!isRuled || lost.ruledDigest == claimedDigest) revert NotContradicted(disputeId);
        bytes32 leaf = TaskResult.leaf(lost.leaseId, lost.task, claimedDigest, leafSalt);
        uint256 index = lost.task - lost.firstTask;
        if (!Merkle.verify(leaf, index, lost.count, proof, lost.resultRoot)) {
            revert NotContradicted(disputeId);
        }
        uint32 seatId = _refute(lost.batchId, lost.line, lost.task, round);
        if (_isTakenAfter(seatId, lost.openedBlock)) revert SeatEmpty(seatId);
        _punish(disputeId, seatId);
    }

    /// @inheritdoc IAnnex
    function reportEquivocation(Batch calldata batch_, Equivocation calldata found) external {
        bytes32 batchId = batch_.idOf();
        if (found.line >= batch_.lines.length) revert NoSuchLine(batchId, found.line);
        bytes32 leaseId = batch_.lines[found.line].leaseId;
        uint32 seatId = _refute(batchId, found.line, found.task, found.round);
        address holder = _holderOf(seatId);
        _requireSignedFor(
            holder,
            _typedDigest(AuditCommitment(batchId, leaseId, found.task, found.commitment).hash()),
            found.commitmentSignature
        );
        _requireSignedFor(
            holder,
            _typedDigest(
                AuditResult(batchId, leaseId, found.task, found.taskDigest, found.salt).hash()
            ),
            found.resultSignature
        );
        if (found.commitment == TaskResult.commitment(holder, found.taskDigest, found.salt)) {
            revert NoEquivocation(batchId, found.line, found.task);
        }
        _punish(0, seatId);
    }

    /// @inheritdoc IAnnex
    function dispute(uint256 disputeId) external view returns (Dispute memory) {
        return _knownDispute(disputeId);
    }

    /// @inheritdoc IAnnex
    function disputeCount() external view returns (uint256) {
        return _disputes.length;
    }

    /// @inheritdoc IAnnex
    function isMoot(uint256 disputeId) external view returns (bool) {
        Dispute storage contested = _knownDispute(disputeId);
        return contested.status == DisputeStatus.Open && _isMoot(contested);
    }

    /// @dev Take a verifier's seat: a little of its stake to who found it out, the rest is burnt. That
    /// may be the verifier itself, which must not get anything out before a committee's ruling.
    function _punish(uint256 disputeId, uint32 seatId) private {
        uint256 slashedWei = _slashSeat(disputeId, seatId);
        uint256 rewardWei = _isOnDuty(seatId) ? 0 : slashedWei * _REPORTER_PERCENT / 100;
        _credit(_caller(), rewardWei);
        _burn(slashedWei - rewardWei);
    }

    function _storeDispute(
        bytes32 batchId,
        LeaseResult memory lease,
        uint8 line,
        uint32 task,
        address challenger
    ) private returns (uint256 disputeId) {
        Dispute storage contested = _disputes.push();
        disputeId = _disputes.length;
        contested.batchId = batchId;
        contested.jobId = lease.jobId;
        contested.leaseId = lease.leaseId;
        contested.resultRoot = lease.resultRoot;
        contested.challenger = challenger;
        contested.openedAt = uint40(block.timestamp);
        contested.openedBlock = uint48(block.number);
        contested.provider = lease.provider;
        contested.firstTask = lease.firstTask;
        contested.count = lease.count;
        contested.task = task;
        contested.seatCount = _seatCount;
        contested.amount = lease.amount;
        contested.line = line;
        contested.status = DisputeStatus.Open;
    }

    function _endDispute(Dispute storage contested, DisputeStatus status, Verdict verdict) private {
        contested.status = status;
        contested.verdict = verdict;
        _accounts[contested.provider].openDisputes -= 1;
        uint256 left = --_openDisputes[contested.batchId][contested.line].count;
        if (left != 0) return;
        bytes32 batchId = contested.batchId;
        _batches[batchId] = _batches[batchId].undisputed(contested.line);
    }

    /// @dev The provider has lost the lease: no pay, its tasks are free again.
    function _finish(Dispute storage contested) private {
        bytes32 batchId = contested.batchId;
        bytes32 jobId = contested.jobId;
        _batches[batchId] = _batches[batchId].finished(1 << contested.line);
        LeaseResult memory lease = LeaseResult(
            contested.leaseId,
            jobId,
            contested.provider,
            contested.firstTask,
            contested.count,
            contested.amount,
            contested.resultRoot
        );
        _jobs[jobId] = _release(batchId, lease, _jobs[jobId]);
    }

    /// @dev Less than losing; but as much as cheating could have earned before it was drawn, and hardly
    /// any of it to the challenger, so that nobody gains by contesting its own work.
    function _payPart(uint256 disputeId, Dispute storage contested, address[] memory majority)
        private
    {
        uint256 priceWei = contested.amount / contested.count;
        uint256 dueWei = contested.concedeMultiple * priceWei;
        uint256 takenWei = _takeStake(_accounts[contested.provider], dueWei);
        uint256 toRequester = _min(takenWei * _CONCEDED_REQUESTER_PERCENT / 100, priceWei);
        uint256 toChallenger = takenWei * _CONCEDED_CHALLENGER_PERCENT / 100;
        uint256 toCommittee = _share(takenWei * _COMMITTEE_PERCENT / 100, majority);
        _distribute(disputeId, contested, takenWei, toRequester, toChallenger, toCommittee);
    }

    function _slash(uint256 disputeId, Dispute storage contested, address[] memory majority)
        private
    {
        uint256 priceWei = contested.amount / contested.count;
        Account storage provider = _accounts[contested.provider];
        provider.forfeitBlock = uint32(block.number);
        uint256 slashedWei = _takeStake(provider, contested.slashMultiple * priceWei);
        uint256 toRequester = _min(slashedWei * _REQUESTER_PERCENT / 100, priceWei);
        uint256 toChallenger = slashedWei * _CHALLENGER_PERCENT / 100;
        uint256 toCommittee = _share(slashedWei * _COMMITTEE_PERCENT / 100, majority);
        _distribute(disputeId, contested, slashedWei, toRequester, toChallenger, toCommittee);
    }

    /// @dev Else whoever keeps inputs back would keep what its friend saved on the tasks that were not drawn.
    /// Not the provider, which its operator could ruin so; nothing to the committee, which could say so of
    /// any task.
    function _fineOperator(uint256 disputeId, Dispute storage contested) private {
        uint256 priceWei = contested.amount / contested.count;
        address operator = contested.operator;
        uint256 takenWei = _takeStake(_accounts[operator], contested.concedeMultiple * priceWei);
        if (takenWei == 0) return;
        uint256 toRequester = _min(takenWei * _CONCEDED_REQUESTER_PERCENT / 100, priceWei);
        uint256 toChallenger = takenWei * _CONCEDED_CHALLENGER_PERCENT / 100;
        uint256 burning = takenWei - toRequester - toChallenger;
        _credit(contested.requester, toRequester);
        _credit(contested.challenger, toChallenger);
        _burn(burning);
        emit OperatorFined(disputeId, operator, takenWei, toRequester, toChallenger, burning);
    }

    /// @dev What nobody gets is burnt.
    function _distribute(
        uint256 disputeId,
        Dispute storage contested,
        uint256 takenWei,
        uint256 toRequester,
        uint256 toChallenger,
        uint256 toCommittee
    ) private {
        uint256 burning = takenWei - toRequester - toChallenger - toCommittee;
        _credit(contested.requester, toRequester);
        _credit(contested.challenger, toChallenger);
        _burn(burning);
        emit Slashed(
            disputeId,
            contested.provider,
            contested.leaseId,
            takenWei,
            toRequester,
            toChallenger,
            toCommittee,
            burning
        );
    }

    /// @dev Nothing to the provider: it could make a verifier contest, by not showing its digest to it
    /// before the votes are in.
    function _forfeitBond(Dispute storage contested, address[] memory majority) private {
        uint256 bondWei = contested.bondWei;
        _burn(bondWei - _share(bondWei / 2, majority));
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

    /// @dev A batch in dispute is never forgotten, so its state is there.
    function _isMoot(Dispute storage contested) private view returns (bool) {
        return _batches[contested.batchId].isFinished(contested.line);
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
