// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {Dispute, DisputeStatus} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {CommittedLease, LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Everybody at once, doing what they may at random moments: requester, operator, provider
/// (honest or not), verifiers (some asleep, some lying), challenger, keepers, time.
contract Handler is Fixture {
    bytes32[] internal _jobIds;
    uint256 internal _nonce = 100;
    mapping(uint256 batchId => CommittedLease[]) internal _batches;
    mapping(bytes32 leaseId => uint256) internal _wrongTask;

    uint256 public settled;
    uint256 public slashed;
    uint256 public conceded;
    uint256 public bondsLost;
    uint256 public voided;
    uint256 public audited;
    uint256 public closed;

    constructor() {
        setUp();
    }

    // ------------------------------------------------------------------------------ ledger

    /// @notice Everything that Market owes, by its own views.
    function owedWei() external view returns (uint256 sum) {
        address[6] memory people =
            [requester, operator, provider, device, challenger, address(this)];
        for (uint256 i; i < people.length; ++i) {
            sum += _accountWei(people[i]);
        }
        for (uint256 i; i < VERIFIERS; ++i) {
            sum += _accountWei(_verifier(i));
        }
        for (uint256 i; i < _jobIds.length; ++i) {
            IMarket.JobState memory state = market.job(_jobIds[i]);
            sum += uint256(state.escrowWei) + state.auditEscrowWei;
        }
        for (uint32 i; i < market.seatCount(); ++i) {
            (uint96 stakeWei,,) = market.seatStake(i);
            sum += stakeWei;
        }
        for (uint256 i = 1; i <= market.disputeCount(); ++i) {
            Dispute memory contested = market.dispute(i);
            if (contested.status == DisputeStatus.Open) sum += contested.bondWei;
        }
        sum += market.burntWei();
    }

    function heldWei() external view returns (uint256) {
        return token.balanceOf(address(market));
    }

    /// @notice The provider's unvested pay, counted from the leases that are open.
    function openPayWei() external view returns (uint256 sum) {
        for (uint256 i = 1; i <= market.batchCount(); ++i) {
            uint256 finished = market.batch(i).finishedBitmap;
            for (uint256 k; k < _batches[i].length; ++k) {
                if (finished & (1 << k) == 0) sum += _batches[i][k].result.amount;
            }
        }
    }

    function unvestedWei() external view returns (uint256) {
        return market.account(provider).unvestedWei;
    }

    /// @notice Whether every open job's escrow covers all that may still be claimed from it.
    function isCovered() external view returns (bool) {
        for (uint256 i; i < _jobIds.length; ++i) {
            IMarket.JobState memory state = market.job(_jobIds[i]);
            uint256 unpaid = uint256(state.taskCount - state.settledTasks) * state.maxPricePerTask;
            if (state.closedAt == 0 && state.escrowWei < unpaid) return false;
            if (state.committedTasks > state.taskCount) return false;
            if (state.settledTasks > state.committedTasks) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------------------ money

    function deposit(uint96 amountWei, uint8 who) external {
        vm.prank(_someone(who));
        market.deposit(uint128(amountWei % 1000 ether) + 1);
    }

    function withdraw(uint96 amountWei, uint8 who) external {
        vm.prank(_someone(who));
        market.withdraw(uint128(amountWei % 1000 ether) + 1, _someone(who));
    }

    function stake(uint96 amountWei) external {
        vm.prank(provider);
        market.stake(uint128(amountWei % 100 ether) + 1);
    }

    function requestUnstake(uint96 amountWei) external {
        uint256 stakeWei = _stakeOf(provider);
        if (stakeWei == 0) return;
        vm.prank(provider);
        market.requestUnstake(uint128(amountWei % stakeWei) + 1);
    }

    function unstake() external {
        vm.prank(provider);
        try market.unstake() {} catch {}
    }

    function moveSeats(uint8 who, uint8 what) external {
        address holder = _verifier(who % VERIFIERS);
        uint32[] memory ids = new uint32[](1);
        ids[0] = uint32(what) % market.seatCount();
        vm.startPrank(holder);
        if (what % 4 == 0 && market.seatCount() < 40) market.takeSeats(1);
        if (what % 4 == 1) try market.leaveSeats(ids) {} catch {}
        if (what % 4 == 2) try market.releaseSeats(ids) {} catch {}
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------ work

    function openJob(uint8 tasks, uint64 price, uint64 budget) external {
        if (_jobIds.length > 20) return;
        Job memory job = _job();
        job.taskCount = 1 + uint32(tasks) % 12;
        job.maxPricePerTask = 1 + uint96(price);
        job.auditBudget = budget;
        job.deadline = uint40(_now() + 2000);
        job.nonce = ++_nonce;
        _jobIds.push(_open(job));
    }

    function cancelJob(uint8 which) external {
        if (which % 8 != 0 || _jobIds.length == 0) return;
        vm.prank(requester);
        try market.cancelJob(_jobIds[which / 8 % _jobIds.length], "") {} catch {}
    }

    /// @dev Commits a lease over free tasks; the provider lies about one of them now and then.
    function commit(uint8 which, uint8 count, uint8 lie) external {
        if (_jobIds.length == 0) return;
        bytes32 jobId = _jobIds[which % _jobIds.length];
        (uint32 first, uint32 free) = _freeRange(jobId, 1 + uint32(count) % 5);
        if (free == 0) return;
        uint256 wrong = lie % 3 == 0 ? first + lie % free : NO_TASK;
        LeaseResult memory lease = _leaseWithFault(jobId, first, free, wrong);
        lease.leaseId = keccak256(abi.encode(lease.leaseId, ++_nonce));
        lease.amount = free * market.job(jobId).maxPricePerTask;
        lease.resultRoot = _treeRoot(lease.leaseId, first, free, wrong);
        LeaseResult[] memory leases = _one(lease);
        CommittedLease[] memory committed = _expected(leases);
        bytes[] memory signatures = _signLeases(DEVICE_KEY, leases);
        vm.prank(operator);
        try market.commitBatch(leases, signatures) returns (uint256 batchId) {
            _batches[batchId].push(committed[0]);
            _wrongTask[lease.leaseId] = wrong;
        } catch {}
    }

    function fixSeed(uint8 which) external {
        uint256 batchId = _someBatch(which);
        if (batchId != 0) try market.fixSeed(batchId) {} catch {}
    }

    function settle(uint8 which) external {
        uint256 batchId = _someBatch(which);
        if (batchId == 0) return;
        try market.settleBatch(batchId, _batches[batchId]) {
            ++settled;
        } catch {}
    }

    function audit(uint8 which, uint8 offset) external {
        uint256 batchId = _someBatch(which);
        if (batchId == 0 || market.batch(batchId).seed == 0) return;
        LeaseResult memory lease = _batches[batchId][0].result;
        uint32 task = lease.firstTask + offset % lease.count;
        try this.payOne(batchId, task) {
            ++audited;
        } catch {}
    }

    function payOne(uint256 batchId, uint32 task) external {
        AuditClaim memory claim = _claim(batchId, _batches[batchId], 0, task);
        _pay(batchId, claim);
    }

    function closeJob(uint8 which) external {
        if (_jobIds.length == 0) return;
        try market.closeJob(_jobIds[which % _jobIds.length]) {
            ++closed;
        } catch {}
    }

    // ------------------------------------------------------------------------------ disputes

    function openDispute(uint8 which, uint8 offset) external {
        uint256 batchId = _someBatch(which);
        if (batchId == 0) return;
        LeaseResult memory lease = _batches[batchId][0].result;
        uint256 wrong = _wrongTask[lease.leaseId];
        bool isFair = wrong != NO_TASK && offset % 2 == 0;
        uint32 task = isFair ? uint32(wrong) : lease.firstTask + offset % lease.count;
        try this.contest(batchId, task) {} catch {}
    }

    function contest(uint256 batchId, uint32 task) external {
        _dispute(batchId, _batches[batchId], 0, task);
    }

    function concede(uint8 which) external {
        uint256 disputeId = _someDispute(which);
        if (disputeId == 0) return;
        vm.prank(device);
        try market.concede(disputeId) {
            ++conceded;
        } catch {}
    }

    /// @dev Takes a dispute through its phases; some members sleep, lie or do not reveal.
    function judge(uint8 which, uint16 behaviour, bool isOpened) external {
        uint256 disputeId = _someDispute(which);
        if (disputeId == 0) return;
        Dispute memory contested = market.dispute(disputeId);
        if (contested.status != DisputeStatus.Open) return;
        if (market.isMoot(disputeId)) {
            arbiter.resolve(disputeId);
            ++voided;
            return;
        }
        address[] memory members = _drawCommittee(disputeId);
        if (!arbiter.committee(disputeId).isDrawn) return;
        _voteAs(disputeId, members, behaviour, contested.task);
        vm.warp(uint256(arbiter.committee(disputeId).commitBy) + 1);
        _revealAs(disputeId, members, behaviour, contested.task);
        vm.warp(uint256(arbiter.committee(disputeId).revealBy) + 1);
        LeaseResult memory lease = _batches[contested.batchId][0].result;
        if (isOpened) _openClaim(disputeId, lease, contested.task, _wrongTask[lease.leaseId]);
        vm.warp(uint256(arbiter.committee(disputeId).openBy) + 1);
        arbiter.resolve(disputeId);
        _count(uint8(market.dispute(disputeId).verdict));
    }

    // ------------------------------------------------------------------------------ time

    function pass(uint8 blocks) external {
        _forward(1 + uint256(blocks) % 60);
    }

    // ------------------------------------------------------------------------------ inside

    function _voteAs(uint256 disputeId, address[] memory members, uint256 how, uint32 task)
        internal
    {
        for (uint256 i; i < members.length; ++i) {
            if (_way(how, i) != 3) _vote(disputeId, members[i], _opinion(how, i, task));
        }
    }

    function _revealAs(uint256 disputeId, address[] memory members, uint256 how, uint32 task)
        internal
    {
        for (uint256 i; i < members.length; ++i) {
            if (_way(how, i) < 2) _reveal(disputeId, members[i], _opinion(how, i, task));
        }
    }

    /// @dev 0 honest, 1 lying, 2 not revealing, 3 asleep; honest most of the time.
    function _way(uint256 how, uint256 i) internal pure returns (uint256) {
        uint256 digit = (how >> (4 * i)) & 15;
        return digit < 4 ? digit : 0;
    }

    function _opinion(uint256 how, uint256 i, uint32 task) internal pure returns (bytes32) {
        return _way(how, i) == 1 ? keccak256(abi.encode("lie", i % 2)) : _honest(task);
    }

    function _count(uint8 verdict) internal {
        if (verdict == 0) ++voided;
        if (verdict == 1) ++slashed;
        if (verdict == 2) ++bondsLost;
    }

    function _freeRange(bytes32 jobId, uint32 most)
        internal
        view
        returns (uint32 first, uint32 count)
    {
        uint32 tasks = market.job(jobId).taskCount;
        while (first < tasks && market.isTaskCommitted(jobId, first)) ++first;
        while (
            count < most && first + count < tasks && !market.isTaskCommitted(jobId, first + count)
        ) ++count;
    }

    function _someBatch(uint256 which) internal view returns (uint256) {
        uint256 count = market.batchCount();
        return count == 0 ? 0 : 1 + which % count;
    }

    function _someDispute(uint256 which) internal view returns (uint256) {
        uint256 count = market.disputeCount();
        return count == 0 ? 0 : 1 + which % count;
    }

    function _someone(uint256 who) internal view returns (address) {
        if (who % 4 == 0) return requester;
        if (who % 4 == 1) return provider;
        if (who % 4 == 2) return challenger;
        return _verifier(who % VERIFIERS);
    }

    function _accountWei(address who) internal view returns (uint256) {
        IMarket.Account memory account = market.account(who);
        return uint256(account.balanceWei) + account.stakeWei + account.unstakingWei;
    }
}
