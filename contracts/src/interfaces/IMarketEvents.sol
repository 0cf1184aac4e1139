// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../types/Batch.sol";
import {Job} from "../types/Job.sol";
import {LeaseResult} from "../types/LeaseResult.sol";

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
    /// @notice `disputeId` is 0 where no dispute, but the verifier's own two words, cost the seat.
    event SeatSlashed(uint32 indexed seatId, address indexed holder, uint256 disputeId);

    // keys
    event DeviceDelegated(address indexed wallet, address indexed device, uint40 notAfter);
    event DeviceRevoked(address indexed wallet, address indexed device);
    event NonceBurnt(address indexed signer, uint256 nonce);
    /// @notice Nonces of earlier epochs no longer count.
    event EpochBegun(address indexed signer, uint8 epoch);
    event Relayed(address indexed signer, address indexed relayer, uint256 nonce, uint256 feeWei);

    // pausing
    event IntakePausedUntil(uint40 pausedUntil);

    // jobs
    event JobOpened(bytes32 indexed jobId, Job job);
    event JobCancelled(bytes32 indexed jobId);
    event JobClosed(bytes32 indexed jobId, uint256 refundWei);

    // batches
    event BatchCommitted(bytes32 indexed batchId, Batch batch);
    event SeedFixed(bytes32 indexed batchId, bytes32 seed);
    /// @notice Bit i of `settledBits`: lease i was paid. Of `releasedBits`: it was forfeited. Both are zero
    /// where the batch only had to be forgotten.
    event BatchSettled(bytes32 indexed batchId, uint64 settledBits, uint64 releasedBits);
    /// @notice Slashed, conceded or forfeited: the lease's tasks are free again.
    event LeaseReleased(bytes32 indexed batchId, bytes32 indexed leaseId, bytes32 jobId);
    /// @notice An audit found what the provider had found. Its fee waits for the lease's end.
    event AuditAccepted(
        bytes32 indexed batchId,
        bytes32 indexed leaseId,
        address indexed verifier,
        bytes32 jobId,
        uint32 task,
        uint8 round,
        uint256 feeWei
    );
    /// @notice An accepted audit's fee went to its verifier; or back to the job's requester, where the lease
    /// was lost, the audit refuted, or its seat taken since.
    event AuditPaid(
        bytes32 indexed batchId,
        bytes32 indexed leaseId,
        address indexed payee,
        bytes32 jobId,
        uint32 task,
        uint8 round,
        uint256 feeWei
    );

    // disputes
    event DisputeOpened(
        uint256 indexed disputeId,
        bytes32 indexed leaseId,
        address indexed challenger,
        bytes32 batchId,
        uint32 task,
        uint8 line,
        LeaseResult lease,
        address requester,
        address operator
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
    /// @notice A task's inputs were unavailable. Only where its batch's operator had any stake.
    event OperatorFined(
        uint256 indexed disputeId,
        address indexed operator,
        uint256 amountWei,
        uint256 toRequesterWei,
        uint256 toChallengerWei,
        uint256 burntWei
    );
}
