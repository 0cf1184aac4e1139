// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bitmap} from "../libraries/Bitmap.sol";
import {Frontier} from "../libraries/Frontier.sol";
import {Batch, BatchId, LeaseLine} from "../types/Batch.sol";
import {BatchWord} from "../types/BatchState.sol";
import {JobWord} from "../types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../types/LeaseResult.sol";
import {Signatures} from "./Signatures.sol";

/// @notice What committing, settling, auditing and contesting a lease have in common.
abstract contract Leases is Signatures {
    using BatchId for Batch;
    using Frontier for JobWord;
    using LeaseResultHash for LeaseResult;

    /// @dev The batch that is the one argument of this call: its encoding lies in calldata.
    function _calledBatch() internal view returns (bytes32 batchId, BatchWord word) {
        batchId = keccak256(msg.data[4:]);
        word = _batches[batchId];
        if (word.isUnknown()) revert UnknownBatch(batchId);
    }

    /// @dev The batch whose data the caller brought.
    function _knownBatch(Batch calldata batch_)
        internal
        view
        returns (bytes32 batchId, BatchWord word)
    {
        batchId = batch_.idOf();
        word = _batches[batchId];
        if (word.isUnknown()) revert UnknownBatch(batchId);
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
            provider: batch_.providers[given.terms.provider()].wallet(),
            firstTask: uint32(given.terms.firstTask()),
            count: uint32(given.terms.count()),
            amount: uint96(given.terms.amountWei()),
            resultRoot: given.resultRoot
        });
    }

    /// @dev Give up a lease's pay and free its tasks; its result can never be committed again. The
    /// caller stores the job's word.
    function _release(bytes32 batchId, LeaseResult memory lease, JobWord word)
        internal
        returns (JobWord)
    {
        _voidResults[lease.hash()] = true;
        emit LeaseReleased(batchId, lease.leaseId, lease.jobId);
        return word.free(_holes[lease.jobId], lease.firstTask, lease.count);
    }

    function _windowEndsAt(BatchWord word) internal view returns (uint256) {
        return word.committedAt() + _DISPUTE_WINDOW_SECONDS;
    }

    function _requireTask(LeaseResult memory lease, uint256 task) internal pure {
        bool isInside = task >= lease.firstTask && task - lease.firstTask < lease.count;
        if (!isInside) revert TaskNotInLease(lease.leaseId, task);
    }
}
