// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job} from "../types/Job.sol";
import {LeaseResult, CommittedLease} from "../types/LeaseResult.sol";
import {Delegation} from "../types/Delegation.sol";
import {AuditClaim} from "../types/AuditResult.sol";
import {Params} from "../types/Params.sol";

interface IMarket {
    struct Account { uint128 balanceWei; uint128 stakeWei; uint128 unvestedWei; uint128 unstakingWei; uint40 unstakeAt; uint32 strikes; }
    struct JobState { address requester; address operator; uint32 taskCount; uint32 committedTasks; uint32 settledTasks; uint32 openLeases;
        uint96 maxPricePerTask; uint128 escrowWei; uint128 auditEscrowWei; uint40 notBefore; uint40 deadline; uint40 cancelledAt; uint40 closedAt; }
    struct Batch { bytes32 root; address operator; uint16 leaseCount; uint64 commitBlock; uint64 seedBlock; uint40 committedAt; uint32 seatCount; bytes32 seed;
        uint256 finishedBitmap; uint256 disputedBitmap; }
    struct Seat { address holder; uint48 takenBlock; uint48 vacatedBlock; }

    // money in and out
    function deposit(uint128 amountWei) external;
    function depositWithPermit(address owner, uint128 amountWei, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    function withdraw(uint128 amountWei, address to) external;
    function stake(uint128 amountWei) external;            // free balance -> stake
    function requestUnstake(uint128 amountWei) external;
    function unstake() external;                           // after the delay: -> free balance
    function takeSeats(uint16 count) external;             // verifier: locks count * seatStakeWei of free balance
    function leaveSeats(uint32[] calldata seatIds) external;
    function releaseSeats(uint32[] calldata seatIds) external; // after the delay: -> free balance
    // keys
    function delegate(Delegation calldata delegation, bytes calldata signature) external;
    function revokeDevice(address device) external;        // by the wallet
    // jobs
    function openJob(Job calldata job, bytes calldata signature) external returns (bytes32 jobId);
    function cancelJob(bytes32 jobId, bytes calldata signature) external; // Cancellation signed by the requester
    function closeJob(bytes32 jobId) external;             // anyone: settled, or past deadline/cancellation + grace with no open leases
    // work
    function commitBatch(LeaseResult[] calldata leases, bytes[] calldata signatures) external returns (uint256 batchId);
    function fixSeed(uint256 batchId) external;            // anyone
    function settleBatch(uint256 batchId, CommittedLease[] calldata leases) external; // anyone, after the window
    function payAudits(uint256 batchId, AuditClaim[] calldata claims) external;       // anyone, before the batch is fully settled/closed
    // disputes
    function openDispute(uint256 batchId, CommittedLease calldata lease, uint16 index, bytes32[] calldata proof, uint32 task) external returns (uint256 disputeId);
    function concede(uint256 disputeId) external;          // the provider or one of its devices
    // views
    function domainSeparator() external view returns (bytes32);
    function params() external view returns (Params memory);
    function account(address owner) external view returns (Account memory);
    function job(bytes32 jobId) external view returns (JobState memory);
    function batch(uint256 batchId) external view returns (Batch memory);
    function seat(uint32 seatId) external view returns (Seat memory);
    function seatCount() external view returns (uint32);
    function deviceOf(address device) external view returns (address wallet, uint40 notAfter);
    function isTaskCommitted(bytes32 jobId, uint32 task) external view returns (bool);
}
