// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../interfaces/IMarketCore.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Cancellation, CancellationHash} from "../types/Cancellation.sol";
import {Job, JobHash} from "../types/Job.sol";
import {JobFlags, JobState} from "../types/JobState.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Jobs, their escrows, and which of their tasks are committed.
abstract contract Jobs is Signatures, IMarketCore {
    using Bitmap for Bitmap.Set;
    using JobFlags for JobState;
    using JobHash for Job;

    /// @inheritdoc IMarketCore
    function openJob(Job calldata job_, bytes calldata signature) external returns (bytes32 jobId) {
        if (block.timestamp < _intakePausedUntil) revert IntakePaused(_intakePausedUntil);
        _check(job_);
        jobId = _typedDigest(job_.hash());
        if (_jobs[jobId].flags != 0) revert JobNotNew(jobId);
        if (_caller() != job_.requester) _requireSignedBy(job_.requester, jobId, signature);
        _requireEpoch(job_.requester, job_.nonce);
        uint256 escrowWei = job_.escrowWei();
        if (escrowWei > type(uint88).max) revert AmountTooLarge(escrowWei, type(uint88).max);
        _spend(job_.requester, escrowWei + job_.auditBudget + job_.relayerFee);
        _jobs[jobId] =
            JobState(uint88(escrowWei), uint88(job_.auditBudget), 0, 0, 0, JobFlags.OPENED);
        if (job_.relayerFee != 0) _credit(msg.sender, job_.relayerFee);
        emit JobOpened(jobId, job_);
    }

    /// @inheritdoc IMarketCore
    function cancelJob(Job calldata job_, bytes calldata signature) external {
        bytes32 jobId = _typedDigest(job_.hash());
        JobState memory state = _jobs[jobId];
        if (state.has(JobFlags.CLOSED)) revert JobAlreadyClosed(jobId);
        if (state.has(JobFlags.CANCELLED)) revert JobAlreadyCancelled(jobId);
        if (_caller() != job_.requester) {
            bytes32 structHash = CancellationHash.hash(Cancellation(jobId));
            _requireSignedBy(job_.requester, _typedDigest(structHash), signature);
        }
        _jobs[jobId].flags |= JobFlags.CANCELLED;
        _cancelledAt[jobId] = uint40(block.timestamp);
        emit JobCancelled(jobId);
    }

    /// @inheritdoc IMarketCore
    function closeJob(Job calldata job_) external {
        bytes32 jobId = _typedDigest(job_.hash());
        JobState memory state = _liveJob(jobId);
        uint256 open = state.committedTasks - state.settledTasks;
        uint256 end = _commitEnd(job_, jobId, state);
        if (open != 0 || block.timestamp <= end) revert JobNotClosable(jobId, open, end);
        _close(jobId, job_.requester, state);
        _jobs[jobId] = state;
    }

    /// @inheritdoc IMarketCore
    function job(bytes32 jobId)
        external
        view
        returns (JobState memory state, uint40 cancelledAt)
    {
        return (_jobs[jobId], _cancelledAt[jobId]);
    }

    /// @inheritdoc IMarketCore
    function isTaskCommitted(bytes32 jobId, uint32 task) external view returns (bool) {
        return task < _jobs[jobId].frontier && !_holes[jobId].has(task);
    }

    function _liveJob(bytes32 jobId) internal view returns (JobState memory state) {
        state = _jobs[jobId];
        if (!state.has(JobFlags.OPENED)) revert UnknownJob(jobId);
        if (state.has(JobFlags.CLOSED)) revert JobAlreadyClosed(jobId);
    }

    /// @dev The last second in which finished leases can be committed.
    function _commitEnd(Job calldata job_, bytes32 jobId, JobState memory state)
        internal
        view
        returns (uint256 end)
    {
        end = job_.deadline;
        if (state.has(JobFlags.CANCELLED)) end = _min(end, _cancelledAt[jobId]);
        end += _COMMIT_GRACE_SECONDS;
    }

    /// @dev Return what a job has not spent. The caller stores `state`.
    function _close(bytes32 jobId, address requester, JobState memory state) internal {
        uint256 refundWei = uint256(state.escrowWei) + state.auditEscrowWei;
        state.escrowWei = 0;
        state.auditEscrowWei = 0;
        state.flags |= JobFlags.CLOSED;
        if (refundWei != 0) _credit(requester, refundWei);
        emit JobClosed(jobId, refundWei);
    }

    function _check(Job calldata job_) private view {
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
    }
}
