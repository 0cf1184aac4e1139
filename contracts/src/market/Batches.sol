// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../interfaces/IMarketCore.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Frontier} from "../libraries/Frontier.sol";
import {Account} from "../types/Account.sol";
import {
    Batch,
    BatchId,
    BatchState,
    JobRef,
    LeaseLine,
    Party,
    Signature
} from "../types/Batch.sol";
import {Job, JobHash} from "../types/Job.sol";
import {JobFlags, JobState} from "../types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../types/LeaseResult.sol";
import {LeaseTerms} from "../types/LeaseTerms.sol";
import {Jobs} from "./Jobs.sol";
import {Leases} from "./Leases.sol";

/// @notice Lease results committed under one hash, and their settlement.
abstract contract Batches is Jobs, Leases {
    using BatchId for Batch;
    using Frontier for JobState;
    using JobFlags for JobState;
    using JobHash for Job;
    using LeaseResultHash for LeaseResult;

    uint256 internal constant MAX_LEASE_TASKS = 4096;
    /// @dev Freeing more at once could need more gas than a transaction may have; the rest is for the
    /// next call.
    uint256 internal constant MAX_FREED_TASKS = 24 * MAX_LEASE_TASKS;

    /// @inheritdoc IMarketCore
    function commitBatch(
        Job[] calldata jobs,
        address[] calldata providers,
        LeaseLine[] calldata lines,
        Signature[] calldata signatures
    ) external returns (bytes32 batchId) {
        _requireFew(lines.length);
        _requireFew(jobs.length);
        _requireFew(providers.length);
        if (lines.length != signatures.length) revert LengthMismatch(lines.length, signatures.length);
        Batch memory batch_ = Batch(_caller(), new JobRef[](jobs.length), _parties(providers), lines);
        JobState[] memory states = _begin(batch_.operator, jobs, batch_.jobs);
        for (uint256 i; i < lines.length; ++i) {
            _commit(jobs, batch_, states, lines[i], signatures[i]);
        }
        for (uint256 i; i < jobs.length; ++i) {
            _jobs[batch_.jobs[i].jobId] = states[i];
        }
        batchId = batch_.idOf();
        _batches[batchId] = BatchState(
            uint40(block.number), uint40(block.timestamp), _seatCount, uint8(lines.length), 0, 0
        );
        emit BatchCommitted(batchId, batch_);
    }

    /// @inheritdoc IMarketCore
    function settleBatch(Batch calldata batch_) external {
        (bytes32 batchId, BatchState memory state) = _knownBatch(batch_);
        uint256 endsAt = _windowEndsAt(state);
        bool isOpen = block.timestamp <= endsAt
            || block.number <= uint256(state.commitBlock) + _SEED_DELAY_BLOCKS;
        if (isOpen) revert WindowOpen(batchId, endsAt);
        uint256 pending = ~uint256(state.finishedBits | state.disputedBits)
            & ((1 << uint256(state.lineCount)) - 1);
        (uint256 settled, uint256 released) = _settle(batchId, batch_, state, pending);
        if (settled | released == 0) revert NothingToSettle(batchId);
        state.finishedBits |= uint64(settled | released);
        bool isDone = state.finishedBits == (1 << uint256(state.lineCount)) - 1;
        if (isDone && state.disputedBits == 0) delete _batches[batchId];
        else _batches[batchId] = state;
        emit BatchSettled(batchId, uint64(settled), uint64(released));
    }

    /// @inheritdoc IMarketCore
    function batch(bytes32 batchId) external view returns (BatchState memory) {
        return _batches[batchId];
    }

    /// @dev Unvested pay is no security: it may come out of the provider's own job. So only stake.
    function _parties(address[] calldata providers) private view returns (Party[] memory parties) {
        parties = new Party[](providers.length);
        for (uint256 i; i < providers.length; ++i) {
            parties[i] = Party(providers[i], _accounts[providers[i]].stakeWei);
        }
    }

    /// @dev Ids rise, so that no job comes twice.
    function _begin(address operator, Job[] calldata jobs, JobRef[] memory refs)
        private
        view
        returns (JobState[] memory states)
    {
        states = new JobState[](jobs.length);
        bytes32 latest = 0;
        for (uint256 i; i < jobs.length; ++i) {
            Job calldata job_ = jobs[i];
            bytes32 jobId = _typedDigest(job_.hash());
            if (jobId <= latest) revert JobsNotInOrder(jobId);
            latest = jobId;
            states[i] = _liveJob(jobId);
            if (operator != job_.operator) revert WrongOperator(jobId, job_.operator, operator);
            if (block.timestamp < job_.notBefore) revert JobNotStarted(jobId, job_.notBefore);
            uint256 end = _commitEnd(job_, jobId, states[i]);
            if (block.timestamp > end) revert CommitPeriodOver(jobId, end);
            refs[i] = JobRef(jobId, job_.requester, job_.taskCount);
        }
    }

    function _commit(
        Job[] calldata jobs,
        Batch memory batch_,
        JobState[] memory states,
        LeaseLine calldata line,
        Signature calldata signature
    ) private {
        LeaseTerms terms = line.terms;
        uint256 index = terms.job();
        if (index >= jobs.length || terms.provider() >= batch_.providers.length) {
            revert WrongLine(line.leaseId);
        }
        _requireCommittable(jobs[index], terms);
        LeaseResult memory result = LeaseResult({
            leaseId: line.leaseId,
            jobId: batch_.jobs[index].jobId,
            provider: batch_.providers[terms.provider()].wallet,
            firstTask: uint32(terms.firstTask()),
            count: uint32(terms.count()),
            amount: uint96(terms.amountWei()),
            resultRoot: line.resultRoot
        });
        bytes32 structHash = result.hash();
        _requireKeyOf(result.provider, _typedDigest(structHash), signature);
        JobState memory state = states[index];
        if (state.has(JobFlags.RELEASED) && _voidResults[structHash]) {
            revert ResultIsVoid(result.jobId, result.leaseId);
        }
        _take(state, result);
    }

    function _take(JobState memory state, LeaseResult memory result) private {
        if (result.firstTask > state.frontier + Frontier.MAX_GAP) {
            revert TooFarAhead(result.jobId, result.firstTask, state.frontier);
        }
        uint256 clash = state.take(_holes[result.jobId], result.firstTask, result.count);
        if (clash != Frontier.NONE) revert TaskAlreadyCommitted(result.jobId, clash);
    }

    function _requireCommittable(Job calldata job_, LeaseTerms terms) private pure {
        uint256 first = terms.firstTask();
        uint256 count = terms.count();
        if (count == 0 || count > MAX_LEASE_TASKS || first + count > job_.taskCount) {
            revert TaskRangeInvalid(first, count, job_.taskCount);
        }
        uint256 mostWei = count * job_.maxPricePerTask;
        uint256 amountWei = terms.amountWei();
        if (amountWei < count || amountWei > mostWei) {
            revert AmountOutOfRange(amountWei, count, mostWei);
        }
    }

    /// @dev Pay, netted by provider and job, whatever of `pending` is due; free what its provider has
    /// forfeited. Returns both as bits.
    function _settle(
        bytes32 batchId,
        Batch calldata batch_,
        BatchState memory state,
        uint256 pending
    ) private returns (uint256 settled, uint256 released) {
        JobState[] memory states = _statesOf(batch_);
        uint256[] memory payWei = new uint256[](batch_.providers.length);
        (uint256 held, uint256 forfeited) = _standing(batch_, state);
        uint256 freedTasks = 0;
        for (uint256 i; i < batch_.lines.length; ++i) {
            if (pending & (1 << i) == 0) continue;
            LeaseTerms terms = batch_.lines[i].terms;
            uint256 bit = 1 << terms.provider();
            if (forfeited & bit != 0) {
                if (freedTasks >= MAX_FREED_TASKS) continue;
                freedTasks += terms.count();
                _release(batchId, _result(batch_, i), states[terms.job()]);
                released |= 1 << i;
            } else if (held & bit == 0) {
                JobState memory job_ = states[terms.job()];
                job_.escrowWei -= uint88(terms.amountWei());
                job_.settledTasks += uint24(terms.count());
                payWei[terms.provider()] += terms.amountWei();
                settled |= 1 << i;
            }
        }
        if (settled | released == 0) return (0, 0);
        _storeStates(batch_, states);
        for (uint256 i; i < payWei.length; ++i) {
            if (payWei[i] != 0) _payProvider(batch_.providers[i].wallet, payWei[i]);
        }
    }

    /// @dev Whose pay waits, and whose is lost, as bits. Pay is unvested until its window is over and
    /// its provider is in no dispute; whoever loses one forfeits all of it. Not before the window
    /// ends: a cheater could free its wrong lease by losing a cheap one. And disputes hold pay back
    /// only for so long: else an endless row of them would keep a job's escrow from ever being
    /// returned.
    function _standing(Batch calldata batch_, BatchState memory state)
        private
        view
        returns (uint256 held, uint256 forfeited)
    {
        bool isHoldOver = block.timestamp > _windowEndsAt(state) + _UNSTAKE_DELAY_SECONDS;
        for (uint256 i; i < batch_.providers.length; ++i) {
            Account storage provider = _accounts[batch_.providers[i].wallet];
            if (state.commitBlock <= provider.forfeitBlock) forfeited |= 1 << i;
            else if (provider.openDisputes != 0 && !isHoldOver) held |= 1 << i;
        }
    }

    function _statesOf(Batch calldata batch_) private view returns (JobState[] memory states) {
        states = new JobState[](batch_.jobs.length);
        for (uint256 i; i < states.length; ++i) {
            states[i] = _jobs[batch_.jobs[i].jobId];
        }
    }

    /// @dev A job whose every task is paid is over: what it has not spent returns at once.
    function _storeStates(Batch calldata batch_, JobState[] memory states) private {
        for (uint256 i; i < states.length; ++i) {
            JobRef calldata ref = batch_.jobs[i];
            bool isDone = states[i].settledTasks == ref.taskCount;
            if (isDone && !states[i].has(JobFlags.CLOSED)) {
                _close(ref.jobId, ref.requester, states[i]);
            }
            _jobs[ref.jobId] = states[i];
        }
    }

    /// @dev Pay fills the provider's stake up to the minimum first: anyone can start with nothing.
    function _payProvider(address wallet, uint256 amountWei) private {
        Account storage provider = _accounts[wallet];
        uint256 stakeWei = provider.stakeWei;
        uint256 toStakeWei = 0;
        if (stakeWei < _MINIMUM_STAKE_WEI) {
            toStakeWei = _min(amountWei, _MINIMUM_STAKE_WEI - stakeWei);
            provider.stakeWei = uint96(stakeWei + toStakeWei);
            emit Staked(wallet, toStakeWei);
        }
        provider.balanceWei += uint96(amountWei - toStakeWei);
    }
}
