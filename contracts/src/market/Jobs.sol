// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../interfaces/IMarketCore.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Cancellation, CancellationHash} from "../types/Cancellation.sol";
import {Job, JobHash} from "../types/Job.sol";
import {JobState, JobStatus, JobWord, JobWords} from "../types/JobState.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Jobs, their escrows, and which of their tasks are committed.
abstract contract Jobs is Signatures, IMarketCore {
    using Bitmap for Bitmap.Set;
    using JobHash for Job;

    /// @inheritdoc IMarketCore
    function openJob(Job calldata job_, bytes calldata signature) external returns (bytes32 jobId) {
        uint256 escrowWei = _check(job_);
        jobId = _typedDigest(job_.hashOf());
        if (!_jobs[jobId].isNew()) revert JobNotNew(jobId);
        if (_caller() != job_.requester) _requireSignedBy(job_.requester, jobId, signature);
        _requireEpoch(job_.requester, job_.nonce);
        _spend(job_.requester, escrowWei + job_.auditBudget + job_.relayerFee);
        _jobs[jobId] = JobWords.opened(escrowWei, job_.auditBudget);
        if (job_.relayerFee != 0) _credit(msg.sender, job_.relayerFee);
        _logOpened(jobId, job_);
    }

    /// @inheritdoc IMarketCore
    function cancelJob(Job calldata job_, bytes calldata signature) external {
        bytes32 jobId = _typedDigest(job_.hashOf());
        JobWord word = _jobs[jobId];
        if (word.has(JobWords.CLOSED)) revert JobAlreadyClosed(jobId);
        if (word.has(JobWords.CANCELLED)) revert JobAlreadyCancelled(jobId);
        if (_caller() != job_.requester) {
            bytes32 structHash = CancellationHash.hash(Cancellation(jobId));
            _requireSignedBy(job_.requester, _typedDigest(structHash), signature);
        }
        _jobs[jobId] = word.flagged(JobWords.CANCELLED);
        _cancelledAt[jobId] = uint40(block.timestamp);
        emit JobCancelled(jobId);
    }

    /// @inheritdoc IMarketCore
    function closeJob(Job calldata job_) external {
        bytes32 jobId = _typedDigest(job_.hashOf());
        JobWord word = _liveJob(jobId);
        uint256 open = word.committedTasks() - word.settledTasks();
        uint256 end = _commitEnd(job_, jobId, word);
        if (open != 0 || block.timestamp <= end) revert JobNotClosable(jobId, open, end);
        _jobs[jobId] = _close(jobId, job_.requester, word);
    }

    /// @inheritdoc IMarketCore
    function job(bytes32 jobId) external view returns (JobState memory state, uint40 cancelledAt) {
        return (_jobs[jobId].unpack(), _cancelledAt[jobId]);
    }

    /// @inheritdoc IMarketCore
    function statusOf(Job calldata job_) external view returns (JobStatus) {
        JobWord word = _jobs[_typedDigest(job_.hashOf())];
        if (word.isNew()) return JobStatus.Unknown;
        if (word.settledTasks() == job_.taskCount) return JobStatus.Settled;
        if (word.has(JobWords.CANCELLED)) return JobStatus.Cancelled;
        if (block.timestamp > job_.deadline) return JobStatus.Expired;
        return word.committedTasks() == 0 ? JobStatus.Open : JobStatus.Running;
    }

    /// @inheritdoc IMarketCore
    function isTaskCommitted(bytes32 jobId, uint32 task) external view returns (bool) {
        return task < _jobs[jobId].frontier() && !_holes[jobId].has(task);
    }

    function _liveJob(bytes32 jobId) internal view returns (JobWord word) {
        word = _jobs[jobId];
        if (!word.has(JobWords.OPENED)) revert UnknownJob(jobId);
        if (word.has(JobWords.CLOSED)) revert JobAlreadyClosed(jobId);
    }

    /// @dev The last second in which finished leases can be committed.
    function _commitEnd(Job calldata job_, bytes32 jobId, JobWord word)
        internal
        view
        returns (uint256 end)
    {
        end = job_.deadline;
        if (word.has(JobWords.CANCELLED)) end = _min(end, _cancelledAt[jobId]);
        end += _COMMIT_GRACE_SECONDS;
    }

    /// @dev Return what a job has not spent. The caller stores the word.
    function _close(bytes32 jobId, address requester, JobWord word) internal returns (JobWord) {
        uint256 refundWei = word.escrowWei() + word.auditEscrowWei();
        if (refundWei != 0) _credit(requester, refundWei);
        emit JobClosed(jobId, refundWei);
        return word.closed();
    }

    /// @dev `JobOpened`: the job lies in calldata as the event encodes it.
    function _logOpened(bytes32 jobId, Job calldata job_) private {
        bytes32 topic = JobOpened.selector;
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, job_, 352)
            log2(words, 352, topic, jobId)
        }
    }

    function _check(Job calldata job_) private view returns (uint256 escrowWei) {
        if (job_.token != address(_TOKEN)) revert WrongToken(job_.token, address(_TOKEN));
        if (job_.taskCount == 0 || job_.taskCount > JobHash.MAX_TASKS) {
            revert BadTaskCount(job_.taskCount, JobHash.MAX_TASKS);
        }
        if (job_.maxPricePerTask == 0) revert ZeroPrice();
        if (job_.auditBudget > type(uint88).max) {
            revert AmountTooLarge(job_.auditBudget, type(uint88).max);
        }
        if (job_.operator == address(0)) revert ZeroOperator();
        if (job_.deadline <= block.timestamp) {
            revert DeadlinePassed(job_.deadline, block.timestamp);
        }
        if (job_.notBefore >= job_.deadline) {
            revert EmptyTimeWindow(job_.notBefore, job_.deadline);
        }
        escrowWei = uint256(job_.taskCount) * job_.maxPricePerTask;
        if (escrowWei > type(uint88).max) revert AmountTooLarge(escrowWei, type(uint88).max);
    }
}
