// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account} from "../types/Account.sol";
import {Batch, LeaseLine, Signature} from "../types/Batch.sol";
import {BatchState} from "../types/BatchState.sol";
import {Job} from "../types/Job.sol";
import {JobState, JobStatus} from "../types/JobState.sol";
import {IMarketErrors} from "./IMarketErrors.sol";
import {IMarketEvents} from "./IMarketEvents.sol";

/// @notice The everyday path of `IMarket`: money in and out, jobs, batches. Wherever "the caller" is
/// said, it may also be the signer of a request that somebody else relays (`IAnnex.relay`).
interface IMarketCore is IMarketEvents, IMarketErrors {
    // ------------------------------------------------------------------------------ money

    /// @notice Move `amountWei` of the caller's tokens into its free balance (needs an approval).
    function deposit(uint96 amountWei) external;

    /// @notice As `deposit`, for `owner`, by its EIP-2612 permit for exactly `amountWei`. Anyone.
    /// If somebody else has spent that permit on the token already, the deposit still goes
    /// through, once. The owner itself may call with an allowance and any signature.
    function depositWithPermit(
        address owner,
        uint96 amountWei,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pay `amountWei` of the caller's free balance out to `to`.
    function withdraw(uint96 amountWei, address to) external;

    /// @notice Free balance -> stake.
    function stake(uint96 amountWei) external;

    /// @notice Ask for stake back. It stops counting now, and can be slashed until it is paid out.
    /// A further request restarts the delay for the whole.
    function requestUnstake(uint96 amountWei) external;

    /// @notice Stake that `owner` requested -> its free balance, after the delay and once none of its
    /// work is in dispute. The delay is longer than any window: what was committed before the request
    /// can no longer be contested. Anyone.
    function unstake(address owner) external;

    // ------------------------------------------------------------------------------ jobs

    /// @notice Open a job that its requester signed, and lock its whole price. Anyone; the sender
    /// earns the job's relayer fee. A requester that calls itself needs no signature.
    /// @return jobId The EIP-712 digest that the requester signed.
    function openJob(Job calldata job, bytes calldata signature) external returns (bytes32 jobId);

    /// @notice Stop a job: finished leases can still be committed for the grace period. Before it is
    /// opened: it never will be. By the requester, or by anyone with its signature of a
    /// `Cancellation`.
    function cancelJob(Job calldata job, bytes calldata signature) external;

    /// @notice Return what a job has not spent, after its end and the grace period, once all that was
    /// committed is settled or released. Anyone. (A job whose every task is settled closes itself.)
    function closeJob(Job calldata job) external;

    // ------------------------------------------------------------------------------ work

    /// @notice Commit lease results of the caller's jobs. The audit rate of each follows from its price
    /// and its provider's stake, which is noted now. The seed that draws the audits follows from the
    /// batch's id and the beacon's value of a later block.
    /// @param jobs By rising id.
    /// @param providers Whose leases these are.
    /// @param lines What the leases do not share, by rising lease id: draws, audits and votes name a
    /// lease by its id, so that none may come twice. `terms` point into `jobs` and `providers`.
    /// @param signatures Of the provider, or of one of its live devices, over each `LeaseResult`.
    /// @return batchId The hash of the `Batch` that `BatchCommitted` publishes.
    function commitBatch(
        Job[] calldata jobs,
        address[] calldata providers,
        LeaseLine[] calldata lines,
        Signature[] calldata signatures
    ) external returns (bytes32 batchId);

    /// @notice Pay every lease of the batch that is neither finished nor in dispute, and whose
    /// provider is in no dispute. Anyone, after the window; again for what was left. Disputes about
    /// other leases hold pay back for one unstaking delay after the window, no longer. Leases that a
    /// slashed provider had committed before are forfeited instead: one caught task costs everything
    /// that was unvested, and frees those tasks. Until the window ends they can still be contested.
    /// Jobs whose last task this pays are closed. Once every lease is finished and none in dispute, nothing
    /// of the batch is left; it may take a call to which there is nothing else to do, where a ruling or a
    /// concession has finished the last lease.
    function settleBatch(Batch calldata batch) external;

    // ------------------------------------------------------------------------------ views

    /// @notice An account's money; all zero if it has none.
    function account(address owner) external view returns (Account memory);
    /// @notice A job's facts; all zero if it was never opened or cancelled.
    function job(bytes32 jobId) external view returns (JobState memory state, uint40 cancelledAt);
    /// @notice Where a job stands now.
    function statusOf(Job calldata job) external view returns (JobStatus);
    /// @notice Whether a result of the task is committed, and not released.
    function isTaskCommitted(bytes32 jobId, uint32 task) external view returns (bool);
    /// @notice A batch's facts; all zero if it was never committed, or is finished.
    function batch(bytes32 batchId) external view returns (BatchState memory);
    /// @notice Burnt by penalties: held here for good, out of everybody's reach.
    function burntWei() external view returns (uint256);
    /// @notice Where everything else of Market's code is.
    function annex() external view returns (address);
}
