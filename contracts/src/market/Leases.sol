// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bitmap} from "../libraries/Bitmap.sol";
import {Frontier} from "../libraries/Frontier.sol";
import {Batch, BatchId, BatchState, LeaseLine} from "../types/Batch.sol";
import {JobFlags, JobState} from "../types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../types/LeaseResult.sol";
import {Signatures} from "./Signatures.sol";

/// @notice What committing, settling, auditing and contesting a lease have in common.
abstract contract Leases is Signatures {
    using BatchId for Batch;
    using Frontier for JobState;
    using LeaseResultHash for LeaseResult;

    /// @dev The batch whose data the caller brought.
    function _knownBatch(Batch calldata batch_)
        internal
        view
        returns (bytes32 batchId, BatchState memory state)
    {
        batchId = batch_.idOf();
        state = _batches[batchId];
        if (state.lineCount == 0) revert UnknownBatch(batchId);
    }

    /// @dev What the device signed, put together again from what the batch holds of it.
    function _result(Batch calldata batch_, uint256 line)
        internal
        pure
        returns (LeaseResult memory)
    {
        LeaseLine calldata given = batch_.lines[line];
        return LeaseResult({
            leaseId: given.leaseId,
            jobId: batch_.jobs[given.terms.job()].jobId,
            provider: batch_.providers[given.terms.provider()].wallet,
            firstTask: uint32(given.terms.firstTask()),
            count: uint32(given.terms.count()),
            amount: uint96(given.terms.amountWei()),
            resultRoot: given.resultRoot
        });
    }

    /// @dev Give up a lease's pay and free its tasks; its result can never be committed again. The
    /// caller stores `state`.
    function _release(bytes32 batchId, LeaseResult memory lease, JobState memory state) internal {
        state.free(_holes[lease.jobId], lease.firstTask, lease.count);
        state.flags |= JobFlags.RELEASED;
        _voidResults[lease.hash()] = true;
        emit LeaseReleased(batchId, lease.leaseId, lease.jobId);
    }

    function _windowEndsAt(BatchState memory state) internal view returns (uint256) {
        return uint256(state.committedAt) + _DISPUTE_WINDOW_SECONDS;
    }

    function _isFinished(BatchState memory state, uint256 line) internal pure returns (bool) {
        return state.finishedBits & (1 << line) != 0;
    }

    function _requireTask(LeaseResult memory lease, uint256 task) internal pure {
        bool isInside = task >= lease.firstTask && task - lease.firstTask < lease.count;
        if (!isInside) revert TaskNotInLease(lease.leaseId, task);
    }
}
