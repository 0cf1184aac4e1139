// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITerms} from "./ITerms.sol";
import {IMarketErrors} from "./IMarketErrors.sol";
import {IMarketEvents} from "./IMarketEvents.sol";
import {AuditClaim} from "../types/AuditResult.sol";
import {Delegation} from "../types/Delegation.sol";
import {Dispute, Ruling} from "../types/Dispute.sol";
import {Job} from "../types/Job.sol";
import {CommittedLease, LeaseResult} from "../types/LeaseResult.sol";

/// @title Market
/// @notice Holds everybody's credits, and moves them by rules that nobody can change: there is no
/// owner, no proxy and no pause. Time and blocks open and close every way in and out; every exit
/// can be taken by anyone.
///
/// Assumptions. The token is a plain ERC-20: no fee on transfer, no rebasing, no hooks that matter.
/// The beacon's values are not known when a batch is committed. More than half of a drawn committee
/// is honest. At least one honest party watches each batch until its window ends.
interface IMarket is IMarketEvents, IMarketErrors {
    /// @notice An account's money. None of it counts twice.
    struct Account {
        /// @dev Free: may be withdrawn, staked, or spent on jobs, seats and bonds.
        uint128 balanceWei;
        /// @dev Behind the account's work; without `unstakingWei`.
        uint128 stakeWei;
        /// @dev Pay for committed leases that can still be voided. Lies in the jobs' escrows.
        uint128 unvestedWei;
        /// @dev Requested back; still slashed until it is paid out.
        uint128 unstakingWei;
        uint40 unstakeAt;
        /// @dev Conceded and lost disputes.
        uint32 strikes;
        /// @dev Disputes about its work that are open: they hold its pay back, for a while.
        uint32 openDisputes;
        /// @dev The block of its last slash: what it had committed by then is forfeited.
        uint64 forfeitBlock;
    }

    struct JobState {
        address requester;
        address operator;
        uint32 taskCount;
        uint32 committedTasks;
        uint32 settledTasks;
        uint32 openLeases;
        uint96 maxPricePerTask;
        uint128 escrowWei;
        uint128 auditEscrowWei;
        uint40 notBefore;
        uint40 deadline;
        uint40 cancelledAt;
        uint40 closedAt;
    }

    struct Batch {
        bytes32 root;
        address operator;
        uint16 leaseCount;
        uint64 commitBlock;
        /// @dev The block whose beacon value is the seed.
        uint64 seedBlock;
        uint40 committedAt;
        uint32 seatCount;
        bytes32 seed;
        /// @dev Bit i: lease i is settled or released.
        uint256 finishedBitmap;
        /// @dev Bit i: at least one dispute on lease i is open.
        uint256 disputedBitmap;
        /// @dev Until when the batch can be disputed; 0 until the seed is fixed.
        uint40 windowEndsAt;
    }

    /// @notice One unit of verifier stake.
    struct Seat {
        address holder;
        uint48 takenBlock;
        /// @dev 0 while the seat is held.
        uint48 vacatedBlock;
    }

    // ------------------------------------------------------------------------------ money

    /// @notice Move `amountWei` of the caller's tokens into its free balance (needs an approval).
    function deposit(uint128 amountWei) external;

    /// @notice As `deposit`, for `owner`, by its EIP-2612 permit for exactly `amountWei`. Anyone.
    /// If somebody else has spent that permit on the token already, the deposit still goes
    /// through, once. The owner itself may call with an allowance and any signature.
    function depositWithPermit(
        address owner,
        uint128 amountWei,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pay `amountWei` of the caller's free balance out to `to`.
    function withdraw(uint128 amountWei, address to) external;

    /// @notice Free balance -> stake.
    function stake(uint128 amountWei) external;

    /// @notice Ask for stake back. It stops counting now, and can be slashed until it is paid out.
    /// A further request restarts the delay for the whole.
    function requestUnstake(uint128 amountWei) external;

    /// @notice Requested stake -> free balance, after the delay and once no work of the caller can
    /// be disputed any more.
    function unstake() external;

    // ------------------------------------------------------------------------------ seats

    /// @notice Lock `count` times the seat stake of the caller's free balance in as many seats:
    /// released ones first, then new ones.
    function takeSeats(uint16 count) external;

    /// @notice Give up seats: they are not drawn for anything committed from this block on.
    function leaveSeats(uint32[] calldata seatIds) external;

    /// @notice Stake of vacated seats -> free balance, after the delay and any duty. Somebody else
    /// may take the seats from now on; audits that were drawn on them must have been paid before.
    function releaseSeats(uint32[] calldata seatIds) external;

    // ------------------------------------------------------------------------------ keys

    /// @notice Let a device sign lease results and audits for a wallet. Signed by the wallet;
    /// anyone may send it. A device serves one wallet at a time.
    function delegate(Delegation calldata delegation, bytes calldata signature) external;

    /// @notice End the delegation of one of the caller's devices.
    function revokeDevice(address device) external;

    /// @notice Void whatever the caller signed, or will sign, under `nonce`.
    function burnNonce(uint256 nonce) external;

    // ------------------------------------------------------------------------------ jobs

    /// @notice Open a job that its requester signed, and lock its whole price. Anyone; the sender
    /// earns the job's relayer fee.
    /// @return jobId The EIP-712 digest that the requester signed.
    function openJob(Job calldata job, bytes calldata signature) external returns (bytes32 jobId);

    /// @notice Stop a job: finished leases can still be committed for the grace period. By the
    /// requester, or by anyone with its signature of a `Cancellation`.
    function cancelJob(bytes32 jobId, bytes calldata signature) external;

    /// @notice Return what a job has not spent: when all of its tasks are settled, or after its
    /// end and the grace period, once no lease is open. Anyone.
    function closeJob(bytes32 jobId) external;

    // ------------------------------------------------------------------------------ work

    /// @notice Commit lease results of the caller's jobs, and fix their audit rates.
    /// @param signatures Of the provider, or of one of its live devices, over each lease result.
    function commitBatch(LeaseResult[] calldata leases, bytes[] calldata signatures)
        external
        returns (uint256 batchId);

    /// @notice Fix a batch's seed, which starts its dispute window. Anyone, after the seed block.
    function fixSeed(uint256 batchId) external;

    /// @notice Pay every lease of the batch that is neither finished nor in dispute, and whose
    /// provider is in no dispute. Anyone, after the window; again for what was left. Disputes about
    /// other leases hold pay back for one unstaking delay after the window, no longer. Leases that a
    /// slashed provider had committed before are forfeited instead: one caught task costs everything
    /// that was unvested, and frees those tasks. Until the window ends they can still be contested.
    /// @param leases All leases of the batch in their order.
    function settleBatch(uint256 batchId, CommittedLease[] calldata leases) external;

    /// @notice Pay drawn verifiers for audits out of the jobs' audit escrows, as far as these go.
    /// Anyone, from the seed on until a job is closed.
    function payAudits(uint256 batchId, AuditClaim[] calldata claims) external;

    // ------------------------------------------------------------------------------ disputes

    /// @notice Contest one task of a committed lease, with a bond from the caller's free balance.
    /// Each task can be contested once, whatever else of the lease is in dispute.
    function openDispute(
        uint256 batchId,
        CommittedLease calldata lease,
        uint16 index,
        bytes32[] calldata proof,
        uint32 task
    ) external returns (uint256 disputeId);

    /// @notice The provider (or its device) admits a fault: the first time this costs the lease's
    /// pay and an audit fee to the challenger, afterwards as much as losing.
    function concede(uint256 disputeId) external;

    /// @notice The arbiter keeps seats from being released while they serve in a dispute.
    function holdSeats(uint256 disputeId, uint32[] calldata seatIds) external;

    /// @notice The arbiter ends a dispute: offenders lose their seat and its stake, absentees only the
    /// seat, since who is denied a task's inputs cannot vote. On a lease that another dispute has
    /// finished meanwhile, any ruling counts as `Verdict.None` without either.
    function rule(uint256 disputeId, Ruling calldata ruling) external;

    // ------------------------------------------------------------------------------ views

    /// @notice The EIP-712 domain that signatures must be for.
    function domainSeparator() external view returns (bytes32);
    /// @notice What the market was deployed with.
    function terms() external view returns (ITerms);
    /// @notice The payment token.
    function token() external view returns (address);
    /// @notice Where seeds come from: an `IBeacon`.
    function beacon() external view returns (address);
    /// @notice Who decides disputes: an `IArbiter`.
    function arbiter() external view returns (address);
    /// @notice An account's money; all zero if it has none.
    function account(address owner) external view returns (Account memory);
    /// @notice A job's facts; all zero if it was never opened.
    function job(bytes32 jobId) external view returns (JobState memory);
    /// @notice A batch's facts; reverts if it does not exist. Batches count from 1.
    function batch(uint256 batchId) external view returns (Batch memory);
    /// @notice The latest batch's id.
    function batchCount() external view returns (uint256);
    /// @notice A seat; reverts if it does not exist. Seats count from 0.
    function seat(uint32 seatId) external view returns (Seat memory);
    /// @notice What a seat still holds, and when it can be released (0 while it is held).
    function seatStake(uint32 seatId)
        external
        view
        returns (uint96 stakeWei, uint40 releasableAt, uint32 duties);
    /// @notice How many seats there are, held or not. It never falls.
    function seatCount() external view returns (uint32);
    /// @notice Which wallet a device signs for, until when. It says what the wallet trusts, not that
    /// the device agreed to it.
    function deviceOf(address device) external view returns (address wallet, uint40 notAfter);
    /// @notice Whether a nonce of any message is used or burnt.
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool);
    /// @notice Whether a result of the task is committed, and not released.
    function isTaskCommitted(bytes32 jobId, uint32 task) external view returns (bool);
    /// @notice Whether the audit of a task of lease `index` is paid.
    function isAuditPaid(uint256 batchId, uint16 index, uint32 task) external view returns (bool);
    /// @notice A dispute's facts; reverts if it does not exist. Disputes count from 1.
    function dispute(uint256 disputeId) external view returns (Dispute memory);
    /// @notice The latest dispute's id.
    function disputeCount() external view returns (uint256);
    /// @notice Whether an open dispute is about a lease that is finished already.
    function isMoot(uint256 disputeId) external view returns (bool);
    /// @notice Burnt by penalties: held here for good, out of everybody's reach.
    function burntWei() external view returns (uint256);
}
