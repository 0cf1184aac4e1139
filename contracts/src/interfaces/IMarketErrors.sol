// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Why Market refuses. The arguments say what to change.
interface IMarketErrors {
    // money
    error ZeroAmount();
    error InsufficientBalance(address owner, uint256 neededWei, uint256 freeWei);
    error InsufficientStake(address owner, uint256 neededWei, uint256 stakeWei);
    /// @dev The token delivered less than it was asked for; such tokens are not supported.
    error TokenTookFee(uint256 expectedWei, uint256 receivedWei);
    error InvalidRecipient(address to);
    /// @dev The permit is not `owner`'s, is expired, or was used before.
    error PermitInvalid(address owner);
    error NothingUnstaking(address owner);
    /// @dev Wait until `unstakeAt`.
    error StakeLocked(address owner, uint256 unstakeAt);
    /// @dev Work worth `unvestedWei` can still be disputed; wait until it is settled.
    error StakeAtRisk(address owner, uint256 unvestedWei);

    // seats
    error UnknownSeat(uint32 seatId);
    error NotSeatHolder(uint32 seatId, address holder);
    error SeatAlreadyVacated(uint32 seatId);
    error SeatNotVacated(uint32 seatId);
    /// @dev Wait until `releasableAt`.
    error SeatLocked(uint32 seatId, uint256 releasableAt);
    /// @dev The seat serves in a dispute; wait until that is resolved.
    error SeatOnDuty(uint32 seatId);
    error SeatEmpty(uint32 seatId);

    // signatures
    /// @dev Not signed by `signer` for this market on this chain.
    error BadSignature(address signer);
    error NonceUsed(address signer, uint256 nonce);
    error SignatureExpired(uint256 notAfter, uint256 nowSeconds);
    error InvalidDevice(address device);
    /// @dev A live delegation binds the device to another wallet; use a fresh key.
    error DeviceTaken(address device, address wallet);
    error NotYourDevice(address device);

    // jobs
    error WrongToken(address token, address expected);
    error BadTaskCount(uint256 taskCount, uint256 maxTasks);
    error ZeroPrice();
    error ZeroOperator();
    error DeadlinePassed(uint256 deadline, uint256 nowSeconds);
    error EmptyTimeWindow(uint256 notBefore, uint256 deadline);
    error UnknownJob(bytes32 jobId);
    error JobAlreadyClosed(bytes32 jobId);
    error JobAlreadyCancelled(bytes32 jobId);
    /// @dev Settle the open leases and wait until after `closableAfter`.
    error JobNotClosable(bytes32 jobId, uint256 openLeases, uint256 closableAfter);

    // batches
    error TooMany(uint256 given, uint256 most);
    error LengthMismatch(uint256 left, uint256 right);
    error WrongOperator(bytes32 jobId, address operator, address caller);
    error JobNotStarted(bytes32 jobId, uint256 notBefore);
    error CommitPeriodOver(bytes32 jobId, uint256 endedAt);
    error TaskRangeInvalid(uint256 firstTask, uint256 count, uint256 taskCount);
    error TaskAlreadyCommitted(bytes32 jobId, uint256 task);
    error AmountOutOfRange(uint256 amountWei, uint256 leastWei, uint256 mostWei);
    error LeaseAlreadyCommitted(bytes32 jobId, bytes32 leaseId);
    error UnknownBatch(uint256 batchId);
    error SeedAlreadyFixed(uint256 batchId);
    /// @dev Wait until block `seedBlock` has been mined.
    error SeedNotReady(uint256 batchId, uint256 seedBlock);
    error SeedNotFixed(uint256 batchId);
    error WindowOpen(uint256 batchId, uint256 endsAt);
    error WindowOver(uint256 batchId, uint256 endedAt);
    /// @dev These are not the batch's leases in their order.
    error WrongLeases(uint256 batchId);
    /// @dev The lease does not stand at that index of the batch.
    error WrongLease(uint256 batchId, uint256 index);
    error NothingToSettle(uint256 batchId);

    // audits
    error TaskNotInLease(bytes32 leaseId, uint256 task);
    error TaskNotDrawn(bytes32 leaseId, uint256 task);
    /// @dev The draw at that attempt is not the first one that finds somebody, or finds another.
    error VerifierNotDrawn(address verifier, uint256 attempt);
    error AuditAlreadyPaid(bytes32 leaseId, uint256 task);

    // disputes
    error LeaseFinished(uint256 batchId, uint256 index);
    error TaskAlreadyDisputed(bytes32 leaseId, uint256 task);
    error UnknownDispute(uint256 disputeId);
    error DisputeNotOpen(uint256 disputeId);
    error NotTheProvider(address provider, address caller);
    error ConcedePeriodOver(uint256 disputeId, uint256 endedAt);
    error NotTheArbiter(address arbiter, address caller);
}
