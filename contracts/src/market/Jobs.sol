// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../interfaces/IMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Cancellation, CancellationHash} from "../types/Cancellation.sol";
import {Job, JobHash} from "../types/Job.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Jobs and their escrows.
abstract contract Jobs is Signatures {
    using Bitmap for Bitmap.Set;
    using JobHash for Job;

    mapping(bytes32 jobId => JobState) internal _jobs;
    mapping(bytes32 jobId => Bitmap.Set) internal _committedTasks;

    /// @inheritdoc IMarket
    function openJob(Job memory job_, bytes memory signature) external returns (bytes32 jobId) {
        _check(job_);
        jobId = _typedDigest(job_.hash());
        _requireSignedBy(job_.requester, jobId, signature);
        _useNonce(job_.requester, job_.nonce);
        uint128 escrowWei = job_.escrowWei();
        _spend(job_.requester, uint256(escrowWei) + job_.auditBudget + job_.relayerFee);
        _store(jobId, job_, escrowWei);
        if (job_.relayerFee != 0) _credit(msg.sender, job_.relayerFee);
        emit JobOpened(jobId, job_.requester, job_.operator, job_);
    }

    /// @inheritdoc IMarket
    function cancelJob(bytes32 jobId, bytes memory signature) external {
        JobState storage state = _liveJob(jobId);
        if (state.cancelledAt != 0) revert JobAlreadyCancelled(jobId);
        if (msg.sender != state.requester) {
            bytes32 structHash = CancellationHash.hash(Cancellation(jobId));
            _requireSignedBy(state.requester, _typedDigest(structHash), signature);
        }
        state.cancelledAt = uint40(block.timestamp);
        emit JobCancelled(jobId);
    }

    /// @inheritdoc IMarket
    function closeJob(bytes32 jobId) external {
        JobState storage state = _liveJob(jobId);
        bool isDone = state.settledTasks == state.taskCount;
        bool isOver = state.openLeases == 0 && block.timestamp > _commitEnd(state);
        if (!isDone && !isOver) revert JobNotClosable(jobId, state.openLeases, _commitEnd(state));
        uint256 refundWei = uint256(state.escrowWei) + state.auditEscrowWei;
        state.escrowWei = 0;
        state.auditEscrowWei = 0;
        state.closedAt = uint40(block.timestamp);
        _credit(state.requester, refundWei);
        emit JobClosed(jobId, refundWei);
    }

    /// @inheritdoc IMarket
    function job(bytes32 jobId) external view returns (JobState memory) {
        return _jobs[jobId];
    }

    /// @inheritdoc IMarket
    function isTaskCommitted(bytes32 jobId, uint32 task) external view returns (bool) {
        return _committedTasks[jobId].has(task);
    }

    function _liveJob(bytes32 jobId) internal view returns (JobState storage state) {
        state = _jobs[jobId];
        if (state.taskCount == 0) revert UnknownJob(jobId);
        if (state.closedAt != 0) revert JobAlreadyClosed(jobId);
    }

    /// @dev The last second in which finished leases can be committed.
    function _commitEnd(JobState storage state) internal view returns (uint256) {
        uint256 end = state.deadline;
        if (state.cancelledAt != 0) end = _min(end, state.cancelledAt);
        return end + _COMMIT_GRACE_SECONDS;
    }

    function _store(bytes32 jobId, Job memory job_, uint128 escrowWei) private {
        JobState storage state = _jobs[jobId];
        state.requester = job_.requester;
        state.operator = job_.operator;
        state.taskCount = job_.taskCount;
        state.maxPricePerTask = job_.maxPricePerTask;
        state.escrowWei = escrowWei;
        state.auditEscrowWei = job_.auditBudget;
        state.notBefore = job_.notBefore;
        state.deadline = job_.deadline;
    }

    function _check(Job memory job_) private view {
        if (job_.token != address(_TOKEN)) revert WrongToken(job_.token, address(_TOKEN));
        if (job_.taskCount == 0 || job_.taskCount > JobHash.MAX_TASKS) {
            revert BadTaskCount(job_.taskCount, JobHash.MAX_TASKS);
        }
        if (job_.maxPricePerTask == 0) revert ZeroPrice();
        if (job_.operator == address(0)) revert ZeroOperator();
        if (job_.deadline <= block.timestamp) {
            revert DeadlinePassed(job_.deadline, block.timestamp);
        }
        if (job_.notBefore >= job_.deadline) {
            revert EmptyTimeWindow(job_.notBefore, job_.deadline);
        }
    }
}
