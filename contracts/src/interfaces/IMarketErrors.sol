// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Why Market refuses. The arguments say what to change.
interface IMarketErrors {
    /// @dev The annex was deployed with something else than Market.
    error WrongAnnex(address annex);

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
    /// @dev Wait until the disputes about its work are resolved.
    error StakeInDispute(address owner, uint256 openDisputes);
    /// @dev More than Market can count; split it.
    error AmountTooLarge(uint256 amountWei, uint256 mostWei);
    /// @dev New money is kept out for a while; what is inside can still leave.
    error IntakePaused(uint256 until);
    error NotTheGuardian(address guardian, address caller);
    error PauseTooLong(uint256 pauseSeconds, uint256 mostSeconds);
    error PausedTooSoon(uint256 nextPauseAt);

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
    /// @dev See `seatCountAt`.
    error WrongSeatCount(uint256 count, uint256 blockNumber);

    // signatures
    /// @dev Not signed by `signer` for this market on this chain.
    error BadSignature(address signer);
    error NonceUsed(address signer, uint256 nonce);
    /// @dev A nonce's first byte must be the signer's epoch.
    error NonceOfAnotherEpoch(address signer, uint256 nonce, uint256 epoch);
    error EpochsUsedUp(address signer);
    error RelayInRelay();
    error FeeOverCap(uint256 feeWei, uint256 maxFeeWei);
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
    /// @dev Opened, or cancelled, before.
    error JobNotNew(bytes32 jobId);
    error JobAlreadyClosed(bytes32 jobId);
    error JobAlreadyCancelled(bytes32 jobId);
    /// @dev Settle the open tasks and wait until after `closableAfter`.
    error JobNotClosable(bytes32 jobId, uint256 openTasks, uint256 closableAfter);

    // batches
    error TooMany(uint256 given, uint256 most);
    error LengthMismatch(uint256 left, uint256 right);
    error WrongOperator(bytes32 jobId, address operator, address caller);
    error JobNotStarted(bytes32 jobId, uint256 notBefore);
    error CommitPeriodOver(bytes32 jobId, uint256 endedAt);
    error TaskRangeInvalid(uint256 firstTask, uint256 count, uint256 taskCount);
    error TaskAlreadyCommitted(bytes32 jobId, uint256 task);
    error AmountOutOfRange(uint256 amountWei, uint256 leastWei, uint256 mostWei);
    /// @dev The same result was released before.
    error ResultIsVoid(bytes32 jobId, bytes32 leaseId);
    /// @dev Commit earlier tasks first.
    error TooFarAhead(bytes32 jobId, uint256 firstTask, uint256 frontier);
    /// @dev Jobs come by rising id, each once.
    error JobsNotInOrder(bytes32 jobId);
    /// @dev Leases come by rising id, each once.
    error LeasesNotInOrder(bytes32 leaseId);
    /// @dev The lease's terms point outside of the given jobs or providers.
    error WrongLine(bytes32 leaseId);
    /// @dev Never committed as given, or finished.
    error UnknownBatch(bytes32 batchId);
    error NoSuchLine(bytes32 batchId, uint256 line);
    error SeedAlreadyFixed(bytes32 batchId);
    /// @dev Wait until block `seedBlock` has been mined.
    error SeedNotReady(bytes32 batchId, uint256 seedBlock);
    /// @dev Nobody fixed the seed in time; the chain has forgotten it.
    error SeedGone(bytes32 batchId, uint256 seedBlock);
    error WindowOpen(bytes32 batchId, uint256 endsAt);
    error WindowOver(bytes32 batchId, uint256 endedAt);
    error NothingToSettle(bytes32 batchId);

    // audits
    error TaskNotInLease(bytes32 leaseId, uint256 task);
    error TaskNotDrawn(bytes32 leaseId, uint256 task, uint256 round);
    /// @dev The draw at that attempt is not the first of its round to find somebody, or finds another.
    error VerifierNotDrawn(address verifier, uint256 attempt);
    error AuditAlreadyAccepted(bytes32 leaseId, uint256 task, uint256 round);
    /// @dev The digest is not the provider's: open a dispute instead.
    error AuditDisagrees(bytes32 leaseId, uint256 task);
    /// @dev It was not accepted, or was refuted already.
    error AuditNotAccepted(bytes32 batchId, uint256 line, uint256 task, uint256 round);
    /// @dev Nothing is set aside for it: it was not accepted, is paid, or the budget was empty.
    error NoFeeLeft(bytes32 batchId, uint256 line, uint256 task, uint256 round);
    /// @dev The fee waits until the lease is settled or lost.
    error LeaseNotFinished(bytes32 batchId, uint256 line);
    /// @dev The dispute was not lost for another digest than this one.
    error NotContradicted(uint256 disputeId);
    /// @dev The result is the one that was committed to.
    error NoEquivocation(bytes32 batchId, uint256 line, uint256 task);

    // disputes
    error LeaseFinished(bytes32 batchId, uint256 line);
    error TaskAlreadyDisputed(bytes32 leaseId, uint256 task);
    error UnknownDispute(uint256 disputeId);
    error DisputeNotOpen(uint256 disputeId);
    error NotTheProvider(address provider, address caller);
    error ConcedePeriodOver(uint256 disputeId, uint256 endedAt);
    error NotTheArbiter(address arbiter, address caller);
}
