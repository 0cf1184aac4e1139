// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AcceptedAudit, AuditClaim, AuditRef} from "../../src/types/AuditResult.sol";
import {Batch, LeaseLine, Signature} from "../../src/types/Batch.sol";
import {BatchState} from "../../src/types/BatchState.sol";
import {Job, JobHash} from "../../src/types/Job.sol";
import {JobState} from "../../src/types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../../src/types/LeaseResult.sol";
import {Seat} from "../../src/types/Seat.sol";
import {MoneySteps} from "./MoneySteps.sol";
import {vm} from "../Vm.sol";

/// @notice Jobs, leases, audits and their ends. Providers lie about a task now and then.
abstract contract WorkSteps is MoneySteps {
    uint256 internal constant MOST_JOBS = 10;
    uint256 internal constant MOST_BATCHES = 24;

    mapping(bytes32 leaseId => uint256) internal _wrongTask;
    mapping(address payee => uint256) private _dueTo;

    // ------------------------------------------------------------------------------ jobs

    function openJob(uint256 random) external step {
        _forgetAClosedJob();
        if (_jobIds.length >= MOST_JOBS) return;
        Job memory job = _someJob(random);
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        uint256 costWei = uint256(job.taskCount) * job.maxPricePerTask + job.auditBudget;
        _allow(requester, costWei + job.relayerFee);
        if (_pick(random, 6, 16) == 0) {
            vm.prank(requester);
            market.cancelJob(job, "");
            _happened("job never opened");
        }
        vm.prank(stranger);
        try market.openJob(job, signature) returns (bytes32 jobId) {
            _jobOf[jobId] = job;
            _jobIds.push(jobId);
        } catch {}
    }

    function _someJob(uint256 random) private returns (Job memory job) {
        job = _job();
        job.taskCount = uint32(1 + _pick(random, 1, 12));
        // Credits mostly, sometimes a few wei: roundings matter, and so do stakes that are too small.
        uint256 scale = _pick(random, 3, 3) == 0 ? _pick(random, 7, 18) : 19;
        job.maxPricePerTask = uint96(1 + _pick(random, 2, 10 ** (scale + 1)));
        job.auditBudget = uint96(_pick(random, 4, 4 * uint256(job.maxPricePerTask)));
        job.relayerFee = uint96(_pick(random, 5, 1 ether));
        job.deadline = uint40(_now() + 300);
        job.nonce = _freshNonce(requester);
    }

    function _forgetAClosedJob() private {
        for (uint256 i; i < _jobIds.length; ++i) {
            if (_stateOf(_jobIds[i]).flags & 4 == 0) continue;
            _jobIds[i] = _jobIds[_jobIds.length - 1];
            _jobIds.pop();
            return;
        }
    }

    function cancelJob(uint256 random) external step {
        if (_jobIds.length == 0 || _pick(random, 1, 6) != 0) return;
        bytes32 jobId = _jobIds[_pick(random, 2, _jobIds.length)];
        vm.prank(requester);
        try market.cancelJob(_jobOf[jobId], "") {
            _happened("job cancelled");
        } catch {}
    }

    function closeJob(uint256 random) external step {
        if (_jobIds.length == 0) return;
        bytes32 jobId = _jobIds[_pick(random, 1, _jobIds.length)];
        uint256 before = _balance(requester);
        JobState memory state = _stateOf(jobId);
        vm.prank(stranger);
        try market.closeJob(_jobOf[jobId]) {
            _happened(state.flags & 2 != 0 ? "job closed, cancelled" : "job closed, over");
            uint256 leftWei = uint256(state.escrowWei) + state.auditEscrowWei;
            vm.assertEq(_balance(requester), before + leftWei);
        } catch {}
    }

    // ------------------------------------------------------------------------------ leases

    /// @dev Up to three leases, of different jobs. It must work: the operator knows the rules.
    function commit(uint256 random) external step {
        if (_batchIds.length >= MOST_BATCHES) return;
        LeaseResult[] memory leases = _someLeases(random);
        if (leases.length == 0) return;
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = new Signature[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            uint256 key = leases[i].provider == rival
                ? RIVAL_KEY
                : _isDeviceLive() ? DEVICE_KEY : PROVIDER_KEY;
            signatures[i] = _signCompact(key, LeaseResultHash.hash(leases[i]));
        }
        bytes32 batchId = _commitSigned(batch, signatures);
        _batchIds.push(batchId);
        for (uint8 i; i < leases.length; ++i) {
            _openLines.push(
                OpenLine(
                    batchId,
                    leases[i].jobId,
                    leases[i].leaseId,
                    leases[i].provider,
                    leases[i].firstTask,
                    leases[i].count,
                    leases[i].amount,
                    i
                )
            );
        }
    }

    function _someLeases(uint256 random) private returns (LeaseResult[] memory leases) {
        uint256 jobs = _jobIds.length < 3 ? _jobIds.length : 3;
        uint256 wanted = jobs == 0 ? 0 : 1 + _pick(random, 1, jobs);
        uint256 from = jobs == 0 ? 0 : _pick(random, 2, _jobIds.length);
        leases = new LeaseResult[](wanted);
        uint256 found;
        for (uint256 i; i < wanted; ++i) {
            bytes32 jobId = _jobIds[(from + i) % _jobIds.length];
            uint256 mostTasks = 1 + _pick(random, 3 + i, 4);
            (uint32 first, uint32 free) = _freeRange(jobId, mostTasks);
            if (free != 0) leases[found++] = _someLease(random, jobId, first, free);
        }
        assembly ("memory-safe") {
            mstore(leases, found)
        }
    }

    function _someLease(uint256 random, bytes32 jobId, uint32 first, uint32 tasks)
        private
        returns (LeaseResult memory lease)
    {
        random = uint256(keccak256(abi.encode(random, jobId)));
        uint256 wrong = random % 3 == 0 ? first + _pick(random, 1, tasks) : NO_TASK;
        uint256 mostWei = uint256(tasks) * _jobOf[jobId].maxPricePerTask;
        lease.leaseId = _leaseId(uint32(++_nonce), keccak256(abi.encode(jobId))); // a batch's rise
        lease.jobId = jobId;
        lease.provider = _pick(random, 2, 3) == 0 ? rival : provider;
        lease.firstTask = first;
        lease.count = tasks;
        lease.amount = uint96(mostWei - _pick(random, 3, 1 + mostWei - tasks));
        lease.resultRoot = _treeRoot(lease.leaseId, first, tasks, wrong);
        _wrongTask[lease.leaseId] = wrong;
    }

    /// @dev Tasks of a job that can be committed now; none if the job is over.
    function _freeRange(bytes32 jobId, uint256 most)
        private
        view
        returns (uint32 first, uint32 tasks)
    {
        (JobState memory state, uint40 cancelledAt) = market.job(jobId);
        Job storage job = _jobOf[jobId];
        bool isCut = state.flags & 2 != 0 && cancelledAt < job.deadline;
        uint256 end = isCut ? cancelledAt : job.deadline;
        if (state.flags & 4 != 0 || _now() > end + 60) return (0, 0);
        while (first < job.taskCount && market.isTaskCommitted(jobId, first)) ++first;
        while (
            tasks < most && first + tasks < job.taskCount
                && !market.isTaskCommitted(jobId, first + tasks)
        ) ++tasks;
    }

    // ------------------------------------------------------------------------------ audits

    function fixSeed(uint256 random) external step {
        if (_batchIds.length == 0) return;
        vm.prank(stranger);
        try market.fixSeed(_batchIds[_pick(random, 1, _batchIds.length)]) {
            _happened("seed fixed");
        } catch {}
    }

    function audit(uint256 random) external step {
        bytes32 batchId = _someSeededBatch(random);
        if (batchId == 0) return;
        LeaseLine[] memory lines = _committed(batchId).lines;
        uint8 line = uint8(_pick(random, 2, lines.length));
        uint256 wrong = _wrongTask[lines[line].leaseId];
        uint256 any = lines[line].terms.firstTask() + _pick(random, 3, lines[line].terms.count());
        uint32 task = uint32(wrong != NO_TASK && _pick(random, 5, 4) != 0 ? wrong : any);
        uint8 round = uint8(_pick(random, 4, 2));
        bool isFinished = market.batch(batchId).finishedBits >> line & 1 != 0;
        try this.acceptOne(batchId, line, task, round) {
            vm.assertFalse(isFinished, "an audit of a finished lease is accepted");
            _audits.push(Audited(batchId, line, task, round));
            _happened(round == 0 ? "audited" : "audited again");
        } catch (bytes memory error_) {
            bool isForThat = bytes4(error_) == IMarketErrors.LeaseFinished.selector;
            vm.assertTrue(isFinished || !isForThat, "an audit is refused for another's end");
            if (isForThat) _happened("audit refused, lease finished");
        }
    }

    /// @dev The next batch from somewhere on whose seed is known.
    function _someSeededBatch(uint256 random) private view returns (bytes32 batchId) {
        uint256 from = _pick(random, 1, _batchIds.length + 1);
        for (uint256 i; i < _batchIds.length; ++i) {
            batchId = _batchIds[(from + i) % _batchIds.length];
            if (market.seedOf(batchId) != 0) return batchId;
        }
        return 0;
    }

    /// @dev A call of its own: the fixture gives up where nobody is drawn.
    function acceptOne(bytes32 batchId, uint8 line, uint32 task, uint8 round) external {
        vm.assertEq(msg.sender, address(this));
        Batch memory batch = _committed(batchId);
        uint256 wrong = _wrongTask[batch.lines[line].leaseId];
        AuditClaim memory claim = _claimFor(batchId, batch, line, task, round, wrong);
        vm.prank(stranger);
        _accept(batch, claim);
    }

    // ------------------------------------------------------------------------------ fees

    /// @dev Up to three audits of one batch at once, which may be forgotten. Paid or refused by the rules: all
    /// of them or none.
    function payAudits(uint256 random) external step {
        if (_audits.length == 0) return;
        Audited[] memory some = _someAudits(random);
        bool isDue = true;
        for (uint256 i; i < some.length; ++i) {
            isDue = isDue && _isDue(some[i]);
        }
        if (isDue) return _payDue(some);
        Batch memory batch = _committed(some[0].batchId);
        AuditRef[] memory refs = _refsOf(some);
        vm.prank(stranger);
        try market.payAudits(batch, refs) {
            vm.assertTrue(false, "a fee was paid too early, or twice");
        } catch {
            _happened("audit not paid");
        }
    }

    /// @dev One from somewhere on, and others of its batch.
    function _someAudits(uint256 random) private view returns (Audited[] memory some) {
        uint256 from = _pick(random, 1, _audits.length);
        uint256 most = 1 + _pick(random, 2, 3);
        some = new Audited[](most);
        uint256 found;
        for (uint256 i; i < _audits.length && found < most; ++i) {
            Audited memory next = _audits[(from + i) % _audits.length];
            if (found == 0 || next.batchId == some[0].batchId) some[found++] = next;
        }
        assembly ("memory-safe") {
            mstore(some, found)
        }
    }

    function _refsOf(Audited[] memory some) private pure returns (AuditRef[] memory refs) {
        refs = new AuditRef[](some.length);
        for (uint256 i; i < refs.length; ++i) {
            refs[i] = AuditRef(some[i].line, some[i].task, some[i].round);
        }
    }

    function _isDue(Audited memory done) internal view returns (bool) {
        BatchState memory state = market.batch(done.batchId);
        bool isFinished = state.lineCount == 0 || state.finishedBits >> done.line & 1 != 0;
        return isFinished && _acceptedOf(done).feeWei != 0;
    }

    /// @dev It must work, and pay whom the rules name.
    function _payDue(Audited[] memory some) internal {
        for (uint256 i; i < some.length; ++i) {
            _dueTo[_payeeOf(some[i])] += _acceptedOf(some[i]).feeWei;
        }
        uint256[] memory before = _totals();
        Batch memory batch = _committed(some[0].batchId);
        AuditRef[] memory refs = _refsOf(some);
        vm.prank(stranger);
        market.payAudits(batch, refs);
        if (market.batch(some[0].batchId).lineCount == 0) _happened("paid of a forgotten batch");
        uint256[] memory afterwards = _totals();
        for (uint256 i; i < _people.length; ++i) {
            vm.assertEq(afterwards[i], before[i] + _dueTo[_people[i]], "a fee went astray");
            _dueTo[_people[i]] = 0;
        }
    }

    function _payeeOf(Audited memory done) private returns (address) {
        AcceptedAudit memory kept = _acceptedOf(done);
        Seat memory seat = market.seat(kept.seatId);
        bool isLost = _isLost[_committed(done.batchId).lines[done.line].leaseId];
        bool isTaken = seat.takenBlock >= kept.acceptedBlock;
        if (isLost) _happened("fee returned, lease lost");
        else if (kept.isRefuted) _happened("fee returned, audit refuted");
        else if (isTaken) _happened("fee returned, seat taken");
        else _happened("audit paid");
        return isLost || kept.isRefuted || isTaken ? requester : seat.holder;
    }

    // ------------------------------------------------------------------------------ settlement

    function settle(uint256 random) external step {
        if (_batchIds.length == 0) return;
        _settle(_batchIds[_pick(random, 1, _batchIds.length)]);
    }

    /// @dev Nobody may lose by it.
    function _settle(bytes32 batchId) internal returns (bool isDone) {
        Batch memory batch = _committed(batchId);
        bool isOnlyToForget = _isFinished(batchId);
        uint64 finished = market.batch(batchId).finishedBits;
        uint256 closed = _closedJobs(batch);
        vm.prank(stranger);
        try market.settleBatch(batch) {
            _countEnds(batchId, batch, finished);
            if (_closedJobs(batch) > closed) _happened("job closed, done");
            if (isOnlyToForget) _happened("batch forgotten after a ruling");
            return true;
        } catch {}
    }

    function _closedJobs(Batch memory batch) private view returns (uint256 closed) {
        for (uint256 i; i < batch.jobs.length; ++i) {
            if (_stateOf(batch.jobs[i].jobId).flags & 4 != 0) ++closed;
        }
    }

    /// @dev What is paid stays committed, what is forfeited is free again.
    function _countEnds(bytes32 batchId, Batch memory batch, uint64 finishedBefore) private {
        bool isGone = market.batch(batchId).lineCount == 0;
        uint64 finished = market.batch(batchId).finishedBits;
        for (uint256 i; i < batch.lines.length; ++i) {
            uint64 bit = uint64(1 << i);
            bool isFinished = isGone || finished & bit != 0;
            if (finishedBefore & bit != 0 || !isFinished) continue;
            uint32 first = uint32(batch.lines[i].terms.firstTask());
            bytes32 jobId = batch.jobs[batch.lines[i].terms.job()].jobId;
            bool isPaid = market.isTaskCommitted(jobId, first);
            if (!isPaid) _isLost[batch.lines[i].leaseId] = true;
            _happened(isPaid ? "lease settled" : "lease forfeited");
        }
    }
}
