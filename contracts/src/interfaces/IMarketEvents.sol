// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job} from "../types/Job.sol";
import {CommittedLease} from "../types/LeaseResult.sol";

/// @notice What happened in Market: enough to rebuild all that the market service knows of it.
interface IMarketEvents {
    // money
    event Deposited(address indexed owner, uint256 amountWei);
    event Withdrawn(address indexed owner, address to, uint256 amountWei);
    event Staked(address indexed owner, uint256 amountWei);
    event UnstakeRequested(address indexed owner, uint256 amountWei, uint40 unstakeAt);
    event Unstaked(address indexed owner, uint256 amountWei);

    // seats
    event SeatTaken(uint32 indexed seatId, address indexed holder);
    event SeatVacated(uint32 indexed seatId, address indexed holder);
    event SeatReleased(uint32 indexed seatId, address indexed holder, uint256 amountWei);
    event SeatSlashed(uint32 indexed seatId, address indexed holder, uint256 disputeId);

    // keys
    event DeviceDelegated(address indexed wallet, address indexed device, uint40 notAfter);
    event DeviceRevoked(address indexed wallet, address indexed device);
    event NonceBurnt(address indexed signer, uint256 nonce);

    // jobs
    event JobOpened(
        bytes32 indexed jobId, address indexed requester, address indexed operator, Job job
    );
    event JobCancelled(bytes32 indexed jobId);
    event JobClosed(bytes32 indexed jobId, uint256 refundWei);

    // batches
    event BatchCommitted(
        uint256 indexed batchId, address indexed operator, bytes32 root, CommittedLease[] leases
    );
    event SeedFixed(uint256 indexed batchId, bytes32 seed);
    /// @notice The seed block's value was no longer available; block `seedBlock` gives the seed.
    event SeedDelayed(uint256 indexed batchId, uint64 seedBlock);
    event LeaseSettled(
        uint256 indexed batchId,
        bytes32 indexed leaseId,
        address indexed provider,
        bytes32 jobId,
        uint256 amountWei
    );
    /// @notice Slashed or conceded: the lease's tasks are free again.
    event LeaseReleased(uint256 indexed batchId, bytes32 indexed leaseId, bytes32 jobId);
    event AuditPaid(
        uint256 indexed batchId,
        bytes32 indexed leaseId,
        address indexed verifier,
        bytes32 jobId,
        uint32 task,
        uint256 feeWei
    );

    // disputes
    event DisputeOpened(
        uint256 indexed disputeId,
        bytes32 indexed leaseId,
        address indexed challenger,
        uint256 batchId,
        uint32 task,
        address provider,
        CommittedLease lease,
        uint16 index
    );
    event DisputeConceded(uint256 indexed disputeId);
    event DisputeResolved(uint256 indexed disputeId, uint8 verdict);
    event Slashed(
        uint256 indexed disputeId,
        address indexed provider,
        bytes32 indexed leaseId,
        uint256 amountWei,
        uint256 toRequesterWei,
        uint256 toChallengerWei,
        uint256 toCommitteeWei,
        uint256 burntWei
    );
}
