// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../interfaces/IMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {
    CommittedLease,
    CommittedLeaseHash,
    LeaseResult,
    LeaseResultHash
} from "../types/LeaseResult.sol";
import {Jobs} from "./Jobs.sol";
import {Seats} from "./Seats.sol";

/// @notice Lease results committed under one root, their seed, and their settlement.
abstract contract Batches is Jobs, Seats {
    using Bitmap for Bitmap.Set;
    using CommittedLeaseHash for CommittedLease;
    using LeaseResultHash for LeaseResult;

    uint256 internal constant MAX_LEASE_TASKS = 4096;

    Batch[] private _batches;
    mapping(bytes32 jobId => mapping(bytes32 leaseId => bool)) private _usedLeases;

    /// @inheritdoc IMarket
    function commitBatch(LeaseResult[] calldata leases, bytes[] calldata signatures)
        external
        returns (uint256 batchId)
    {
        _requireFew(leases.length);
        if (leases.length != signatures.length) {
            revert LengthMismatch(leases.length, signatures.length);
        }
        bytes32[] memory leaves = new bytes32[](leases.length);
        CommittedLease[] memory committed = new CommittedLease[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            (committed[i], leaves[i]) = _commit(leases[i], signatures[i]);
        }
        bytes32 root = Merkle.root(leaves);
        batchId = _storeBatch(root, uint16(leases.length));
        emit BatchCommitted(batchId, msg.sender, root, committed);
    }

    /// @inheritdoc IMarket
    function fixSeed(uint256 batchId) external {
        Batch storage state = _knownBatch(batchId);
        if (state.seed != 0) revert SeedAlreadyFixed(batchId);
        uint64 seedBlock = state.seedBlock;
        if (block.number <= seedBlock) revert SeedNotReady(batchId, seedBlock);
        bytes32 seed = _BEACON.valueAt(seedBlock);
        if (seed == 0) {
            seedBlock = uint64(block.number) + _SEED_DELAY_BLOCKS;
            state.seedBlock = seedBlock;
            emit SeedDelayed(batchId, seedBlock);
        } else {
            state.seed = seed;
            state.windowEndsAt = uint40(block.timestamp) + _DISPUTE_WINDOW_SECONDS;
            emit SeedFixed(batchId, seed);
        }
    }

    /// @inheritdoc IMarket
    function settleBatch(uint256 batchId, CommittedLease[] calldata leases) external {
        Batch storage state = _knownBatch(batchId);
        _requireLeases(batchId, state, leases);
        uint256 before = state.finishedBitmap;
        uint256 finished = before;
        uint256 blocked = before | state.disputedBitmap;
        for (uint256 i; i < leases.length; ++i) {
            if (blocked & (1 << i) != 0) continue;
            if (_settleOrForfeit(batchId, state, leases[i].result)) finished |= 1 << i;
        }
        if (finished == before) {
            if (state.seed == 0) revert SeedNotFixed(batchId);
            if (!_isWindowOver(state)) revert WindowOpen(batchId, state.windowEndsAt);
            revert NothingToSettle(batchId);
        }
        state.finishedBitmap = finished;
    }

    /// @inheritdoc IMarket
    function batch(uint256 batchId) external view returns (Batch memory) {
        return _knownBatch(batchId);
    }

    /// @inheritdoc IMarket
    function batchCount() external view returns (uint256) {
        return _batches.length;
    }

    function _knownBatch(uint256 batchId) internal view returns (Batch storage) {
        if (batchId == 0 || batchId > _batches.length) revert UnknownBatch(batchId);
        return _batches[batchId - 1];
    }

    function _requireLease(
        uint256 batchId,
        Batch storage state,
        CommittedLease memory lease,
        uint256 index,
        bytes32[] memory proof
    ) internal view {
        bool isThere = Merkle.verify(lease.leaf(), index, state.leaseCount, proof, state.root);
        if (!isThere) revert WrongLease(batchId, index);
    }

    function _requireTask(LeaseResult memory lease, uint32 task) internal pure {
        bool isInside = task >= lease.firstTask && task - lease.firstTask < lease.count;
        if (!isInside) revert TaskNotInLease(lease.leaseId, task);
    }

    /// @dev Give up a lease's pay and free its tasks.
    function _releaseLease(
        uint256 batchId,
        bytes32 jobId,
        bytes32 leaseId,
        address provider,
        uint32 firstTask,
        uint32 count,
        uint96 amount
    ) internal {
        JobState storage state = _jobs[jobId];
        state.committedTasks -= count;
        state.openLeases -= 1;
        _committedTasks[jobId].removeRange(firstTask, count);
        _accounts[provider].unvestedWei -= amount;
        emit LeaseReleased(batchId, leaseId, jobId);
    }

    function _commit(LeaseResult memory lease, bytes memory signature)
        private
        returns (CommittedLease memory committed, bytes32 leaf)
    {
        JobState storage state = _liveJob(lease.jobId);
        _requireCommittable(state, lease);
        bytes32 structHash = lease.hash();
        _requireSignedFor(lease.provider, _typedDigest(structHash), signature);
        if (_usedLeases[lease.jobId][lease.leaseId]) {
            revert LeaseAlreadyCommitted(lease.jobId, lease.leaseId);
        }
        _usedLeases[lease.jobId][lease.leaseId] = true;
        uint256 clash = _committedTasks[lease.jobId].addRange(lease.firstTask, lease.count);
        if (clash != type(uint256).max) revert TaskAlreadyCommitted(lease.jobId, clash);
        state.committedTasks += lease.count;
        state.openLeases += 1;
        Account storage provider = _accounts[lease.provider];
        // Unvested pay is no security: it may come out of the provider's own job.
        uint32 ratePpm = Pricing.auditRatePpm(lease.pricePerTask(), provider.stakeWei, 0);
        provider.unvestedWei += lease.amount;
        return (CommittedLease(lease, ratePpm), CommittedLeaseHash.leafOf(structHash, ratePpm));
    }

    function _requireCommittable(JobState storage state, LeaseResult memory lease) private view {
        if (msg.sender != state.operator) {
            revert WrongOperator(lease.jobId, state.operator, msg.sender);
        }
        if (block.timestamp < state.notBefore) revert JobNotStarted(lease.jobId, state.notBefore);
        if (block.timestamp > _commitEnd(state)) {
            revert CommitPeriodOver(lease.jobId, _commitEnd(state));
        }
        uint256 end = uint256(lease.firstTask) + lease.count;
        if (lease.count == 0 || lease.count > MAX_LEASE_TASKS || end > state.taskCount) {
            revert TaskRangeInvalid(lease.firstTask, lease.count, state.taskCount);
        }
        uint256 mostWei = uint256(lease.count) * state.maxPricePerTask;
        if (lease.amount < lease.count || lease.amount > mostWei) {
            revert AmountOutOfRange(lease.amount, lease.count, mostWei);
        }
    }

    function _storeBatch(bytes32 root, uint16 leaseCount) private returns (uint256 batchId) {
        Batch storage state = _batches.push();
        batchId = _batches.length;
        state.root = root;
        state.operator = msg.sender;
        state.leaseCount = leaseCount;
        state.commitBlock = uint64(block.number);
        state.seedBlock = uint64(block.number) + _SEED_DELAY_BLOCKS;
        state.committedAt = uint40(block.timestamp);
        state.seatCount = seatCount();
    }

    function _requireLeases(uint256 batchId, Batch storage state, CommittedLease[] calldata leases)
        private
        view
    {
        if (leases.length != state.leaseCount) revert WrongLeases(batchId);
        bytes32[] memory leaves = new bytes32[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            leaves[i] = leases[i].leaf();
        }
        if (Merkle.root(leaves) != state.root) revert WrongLeases(batchId);
    }

    /// @dev Pay is unvested until its window is over and its provider is in no dispute; whoever
    /// loses one forfeits all of it. Not before the window ends: a cheater could free its wrong
    /// lease by losing a cheap one. And disputes hold pay back only for so long: else an endless row
    /// of them would keep a job's escrow from ever being returned.
    function _settleOrForfeit(uint256 batchId, Batch storage state, LeaseResult memory lease)
        private
        returns (bool isFinished)
    {
        if (!_isWindowOver(state)) return false;
        Account storage provider = _accounts[lease.provider];
        if (state.commitBlock <= provider.forfeitBlock) {
            _releaseLease(
                batchId,
                lease.jobId,
                lease.leaseId,
                lease.provider,
                lease.firstTask,
                lease.count,
                lease.amount
            );
            return true;
        }
        uint256 heldUntil = uint256(state.windowEndsAt) + _UNSTAKE_DELAY_SECONDS;
        if (provider.openDisputes != 0 && block.timestamp <= heldUntil) return false;
        _settle(batchId, lease);
        return true;
    }

    function _isWindowOver(Batch storage state) private view returns (bool) {
        return state.seed != 0 && block.timestamp > state.windowEndsAt;
    }

    /// @dev Pay fills the provider's stake up to the minimum first: anyone can start with nothing.
    function _settle(uint256 batchId, LeaseResult memory lease) private {
        JobState storage state = _jobs[lease.jobId];
        state.settledTasks += lease.count;
        state.openLeases -= 1;
        state.escrowWei -= lease.amount;
        Account storage provider = _accounts[lease.provider];
        provider.unvestedWei -= lease.amount;
        uint128 stakeWei = provider.stakeWei;
        uint128 toStakeWei = 0;
        if (stakeWei < _MINIMUM_STAKE_WEI) {
            toStakeWei = uint128(_min(lease.amount, _MINIMUM_STAKE_WEI - stakeWei));
            provider.stakeWei = stakeWei + toStakeWei;
            emit Staked(lease.provider, toStakeWei);
        }
        provider.balanceWei += lease.amount - toStakeWei;
        emit LeaseSettled(batchId, lease.leaseId, lease.provider, lease.jobId, lease.amount);
    }
}
