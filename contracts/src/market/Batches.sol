// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IMarketCore} from "../interfaces/IMarketCore.sol";
import {BatchCodec} from "../libraries/BatchCodec.sol";
import {Frontier} from "../libraries/Frontier.sol";
import {Account} from "../types/Account.sol";
import {
    Batch,
    JobRef,
    LeaseLine,
    OwnerFields,
    Party,
    PartyFields,
    Signature
} from "../types/Batch.sol";
import {BatchState, BatchWord, BatchWords} from "../types/BatchState.sol";
import {Job, JobHash} from "../types/Job.sol";
import {JobWord, JobWords} from "../types/JobState.sol";
import {LeaseResultHash} from "../types/LeaseResult.sol";
import {LeaseTerms} from "../types/LeaseTerms.sol";
import {Jobs} from "./Jobs.sol";
import {Leases} from "./Leases.sol";

/// @notice Lease results committed under one hash, and their settlement.
abstract contract Batches is Jobs, Leases {
    using BatchCodec for BatchCodec.Encoding;
    using Frontier for JobWord;
    using JobHash for Job;

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
        if (jobs.length > lines.length) revert TooMany(jobs.length, lines.length);
        if (providers.length > lines.length) revert TooMany(providers.length, lines.length);
        if (lines.length != signatures.length) {
            revert LengthMismatch(lines.length, signatures.length);
        }
        address operator = _caller();
        BatchCodec.Encoding encoding =
            BatchCodec.create(operator, jobs.length, providers.length, lines);
        bytes32 domain = _domainSeparator();
        JobWord[] memory words = _begin(domain, operator, jobs, encoding);
        for (uint256 i; i < lines.length; ++i) {
            // Rising, so that no id comes twice: draws, audits and votes name a lease by its id.
            if (i != 0 && lines[i].leaseId <= lines[i - 1].leaseId) {
                revert LeasesNotInOrder(lines[i].leaseId);
            }
            _commit(domain, jobs, providers, encoding, words, lines[i], signatures[i]);
        }
        for (uint256 i; i < words.length; ++i) {
            _jobs[encoding.jobId(i)] = words[i];
        }
        // Unvested pay is no security: it may come out of the provider's own job. So only stake.
        for (uint256 i; i < providers.length; ++i) {
            address wallet = providers[i];
            encoding.setParty(i, PartyFields.pack(wallet, _accounts[wallet].stakeWei));
        }
        batchId = encoding.publish(BatchCommitted.selector);
        _batches[batchId] = BatchWords.committed(block.number, block.timestamp, lines.length);
    }

    /// @inheritdoc IMarketCore
    function settleBatch(Batch calldata batch_) external {
        (bytes32 batchId, BatchWord word) = _calledBatch();
        uint256 endsAt = _windowEndsAt(word);
        bool isSeeded = block.number > word.commitBlock() + _SEED_DELAY_BLOCKS;
        if (block.timestamp <= endsAt || !isSeeded) revert WindowOpen(batchId, endsAt);
        (uint256 settled, uint256 released) = _settle(batchId, batch_, word);
        word = word.finished(settled | released);
        bool isOver = word.finishedBits() == word.allBits() && word.disputedBits() == 0;
        // Of a batch whose last lease a ruling ended, there is still its state to be forgotten.
        if (settled | released == 0 && !isOver) revert NothingToSettle(batchId);
        _batches[batchId] = isOver ? BatchWord.wrap(0) : word;
        emit BatchSettled(batchId, uint64(settled), uint64(released));
    }

    /// @inheritdoc IMarketCore
    function batch(bytes32 batchId) external view returns (BatchState memory) {
        return _batches[batchId].unpack();
    }

    /// @dev Ids rise, so that no job comes twice.
    function _begin(
        bytes32 domain,
        address operator,
        Job[] calldata jobs,
        BatchCodec.Encoding encoding
    ) private view returns (JobWord[] memory words) {
        words = new JobWord[](jobs.length);
        bytes32 latest = 0;
        for (uint256 i; i < words.length; ++i) {
            Job calldata job_ = jobs[i];
            bytes32 jobId = MessageHashUtils.toTypedDataHash(domain, job_.hashOf());
            if (jobId <= latest) revert JobsNotInOrder(jobId);
            latest = jobId;
            JobWord word = _liveJob(jobId);
            if (operator != job_.operator) revert WrongOperator(jobId, job_.operator, operator);
            if (block.timestamp < job_.notBefore) revert JobNotStarted(jobId, job_.notBefore);
            uint256 end = _commitEnd(job_, jobId, word);
            if (block.timestamp > end) revert CommitPeriodOver(jobId, end);
            words[i] = word;
            encoding.setJob(i, jobId, OwnerFields.pack(job_.requester, job_.taskCount));
        }
    }

    function _commit(
        bytes32 domain,
        Job[] calldata jobs,
        address[] calldata providers,
        BatchCodec.Encoding encoding,
        JobWord[] memory words,
        LeaseLine calldata line,
        Signature calldata signature
    ) private {
        LeaseTerms terms = line.terms;
        uint256 index = terms.job();
        if (index >= words.length || terms.provider() >= providers.length) {
            revert WrongLine(line.leaseId);
        }
        _requireCommittable(jobs[index], terms);
        bytes32 jobId = encoding.jobId(index);
        address provider = providers[terms.provider()];
        bytes32 structHash = LeaseResultHash.hashOf(line, jobId, provider);
        _requireKeyOf(provider, MessageHashUtils.toTypedDataHash(domain, structHash), signature);
        JobWord word = words[index];
        if (word.has(JobWords.RELEASED) && _voidResults[structHash]) {
            revert ResultIsVoid(jobId, line.leaseId);
        }
        words[index] = _take(word, jobId, terms);
    }

    function _take(JobWord word, bytes32 jobId, LeaseTerms terms) private returns (JobWord next) {
        uint256 first = terms.firstTask();
        if (first > word.frontier() + Frontier.MAX_GAP) {
            revert TooFarAhead(jobId, first, word.frontier());
        }
        uint256 clash;
        (next, clash) = word.take(_holes[jobId], first, terms.count());
        if (clash != Frontier.NONE) revert TaskAlreadyCommitted(jobId, clash);
    }

    function _requireCommittable(Job calldata job_, LeaseTerms terms) private pure {
        uint256 first = terms.firstTask();
        uint256 count = terms.count();
        uint256 amountWei = terms.amountWei();
        unchecked {
            // Of 32, 16 and 96 bits: neither runs over.
            if (count == 0 || count > MAX_LEASE_TASKS || first + count > job_.taskCount) {
                revert TaskRangeInvalid(first, count, job_.taskCount);
            }
            uint256 mostWei = count * job_.maxPricePerTask;
            if (amountWei < count || amountWei > mostWei) {
                revert AmountOutOfRange(amountWei, count, mostWei);
            }
        }
    }

    /// @dev Pay, netted by provider and job, whatever is due; free what its provider has forfeited.
    /// Returns both as bits.
    function _settle(bytes32 batchId, Batch calldata batch_, BatchWord state)
        private
        returns (uint256 settled, uint256 released)
    {
        uint256 pending = state.pendingBits();
        JobRef[] calldata refs = batch_.jobs;
        Party[] calldata parties = batch_.providers;
        JobWord[] memory words = _wordsOf(refs);
        uint256[] memory payWei = new uint256[](parties.length);
        (uint256 held, uint256 forfeited) = _standing(parties, state);
        LeaseLine[] calldata lines = batch_.lines;
        uint256 freedTasks = 0;
        for (uint256 i; i < lines.length; ++i) {
            if (pending & (1 << i) == 0) continue;
            LeaseTerms terms = lines[i].terms;
            uint256 bit = 1 << terms.provider();
            JobWord word = words[terms.job()];
            if (forfeited & bit != 0) {
                if (freedTasks >= MAX_FREED_TASKS) continue;
                freedTasks += terms.count();
                words[terms.job()] = _release(batchId, _result(batch_, i), word);
                released |= 1 << i;
            } else if (held & bit == 0) {
                words[terms.job()] = word.settled(terms.count(), terms.amountWei());
                payWei[terms.provider()] += terms.amountWei();
                settled |= 1 << i;
            }
        }
        _store(refs, words);
        for (uint256 i; i < payWei.length; ++i) {
            if (payWei[i] != 0) _payProvider(parties[i].wallet(), payWei[i]);
        }
    }

    /// @dev Whose pay waits, and whose is lost, as bits. Pay is unvested until its window is over and
    /// its provider is in no dispute; whoever loses one forfeits all of it. Not before the window
    /// ends: a cheater could free its wrong lease by losing a cheap one. And disputes hold pay back
    /// only for so long: else an endless row of them would keep a job's escrow from ever being
    /// returned.
    function _standing(Party[] calldata parties, BatchWord state)
        private
        view
        returns (uint256 held, uint256 forfeited)
    {
        bool isHoldOver = block.timestamp > _windowEndsAt(state) + _UNSTAKE_DELAY_SECONDS;
        for (uint256 i; i < parties.length; ++i) {
            Account storage provider = _accounts[parties[i].wallet()];
            if (state.commitBlock() <= provider.forfeitBlock) forfeited |= 1 << i;
            else if (provider.openDisputes != 0 && !isHoldOver) held |= 1 << i;
        }
    }

    function _wordsOf(JobRef[] calldata refs) private view returns (JobWord[] memory words) {
        words = new JobWord[](refs.length);
        for (uint256 i; i < words.length; ++i) {
            words[i] = _jobs[refs[i].jobId];
        }
    }

    /// @dev A job whose every task is paid is over: what it has not spent returns at once.
    function _store(JobRef[] calldata refs, JobWord[] memory words) private {
        for (uint256 i; i < words.length; ++i) {
            JobRef calldata ref = refs[i];
            JobWord word = words[i];
            bool isDone = word.settledTasks() == ref.owner.taskCount() && !word.has(JobWords.CLOSED);
            _jobs[ref.jobId] = isDone ? _close(ref.jobId, ref.owner.requester(), word) : word;
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
