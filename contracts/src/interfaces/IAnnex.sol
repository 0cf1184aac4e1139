// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AcceptedAudit, AuditClaim, AuditRef, Equivocation} from "../types/AuditResult.sol";
import {Batch} from "../types/Batch.sol";
import {Delegation} from "../types/Delegation.sol";
import {Dispute, Ruling} from "../types/Dispute.sol";
import {Request} from "../types/Request.sol";
import {Seat} from "../types/Seat.sol";
import {ITerms} from "./ITerms.sol";

/// @notice What of `IMarket` is not needed every day: seats, keys, audits, disputes, pausing.
interface IAnnex {
    // ------------------------------------------------------------------------------ seats

    /// @notice Lock `count` times the seat stake of the caller's free balance in as many seats:
    /// released ones first, then new ones.
    function takeSeats(uint16 count) external;

    /// @notice Give up seats: they are not drawn for anything committed from this block on.
    function leaveSeats(uint32[] calldata seatIds) external;

    /// @notice Stake of vacated seats -> free balance, after the delay and any duty. Somebody else
    /// may take the seats from now on; fees of audits that were drawn on them must have been
    /// paid before.
    function releaseSeats(uint32[] calldata seatIds) external;

    // ------------------------------------------------------------------------------ keys

    /// @notice Let a device sign lease results and audits for a wallet. Signed by the wallet;
    /// anyone may send it. A device serves one wallet at a time.
    function delegate(Delegation calldata delegation, bytes calldata signature) external;

    /// @notice End the delegation of one of the caller's devices.
    function revokeDevice(address device) external;

    /// @notice Void whatever the caller signed, or will sign, under `nonce`, a job excepted: that is
    /// voided by `cancelJob`.
    function burnNonce(uint256 nonce) external;

    /// @notice Void everything that the caller has signed and that nobody has sent yet: nonces count
    /// only if their first byte is the caller's epoch, and a new one begins.
    function cancelAll() external;

    /// @notice Make the call that `request.from` signed, for `feeWei` of its free balance, at most what
    /// it allowed. Anyone; if the call fails, nothing happens. So nobody ever needs gas.
    function relay(Request calldata request, uint96 feeWei, bytes calldata signature) external;

    // ------------------------------------------------------------------------------ audits

    /// @notice Keep a batch's seed, before the chain forgets what it follows from. Anyone, after the seed
    /// block.
    function fixSeed(bytes32 batchId) external;

    /// @notice Accept drawn verifiers' audits that found what the provider had found, and set their fees
    /// aside, out of the jobs' audit escrows as far as these go. Anyone, from the seed on until the lease is
    /// finished: later nobody could contest what the audit found.
    /// @param seatCount `seatCountAt` the commitment's block.
    function acceptAudits(Batch calldata batch, uint24 seatCount, AuditClaim[] calldata claims)
        external;

    /// @notice Pay the fees of accepted audits once their leases are finished: of a lease that was paid, to the
    /// verifiers; of a lost one, or for an audit that was refuted, back to the requester. So nobody
    /// is paid for agreeing with what turned out to be wrong. Anyone, also when the batch is forgotten or
    /// the job closed; but where somebody has sat down on the verifier's seat since the acceptance, it
    /// again too, the fee goes back as well. One audit that cannot be paid reverts them all.
    function payAudits(Batch calldata batch, AuditRef[] calldata refs) external;

    // ------------------------------------------------------------------------------ disputes

    /// @notice Contest one task of a committed lease, with a bond from the caller's free balance, under the
    /// terms of this moment: later changes are for later disputes. The bond is 15 times the task's price,
    /// a third of what the lease is paid, or `disputeBondWei`, whichever is most. Each task can be
    /// contested once, whatever else of the lease is in dispute, until the batch's window ends. The
    /// bond comes back unless the committee finds the provider's own digest: then half of it is its
    /// majority's, and the rest is burnt.
    function openDispute(Batch calldata batch, uint8 line, uint32 task)
        external
        returns (uint256 disputeId);

    /// @notice The provider (or its device) admits a fault: the first time this costs the lease's
    /// pay and `concedeMultiple` times the task's price of its stake, afterwards as much as losing. For
    /// `concedeSeconds` from when the lease came into dispute: the first of its disputes counts until
    /// none of them is open.
    function concede(uint256 disputeId) external;

    /// @notice The arbiter keeps seats from being released while they serve in a dispute.
    function holdSeats(uint256 disputeId, uint32[] calldata seatIds) external;

    /// @notice The arbiter ends a dispute: offenders lose their seat and its stake, absentees only the
    /// seat, since who is denied a task's inputs cannot vote. A provider that is out of tolerance pays
    /// what a first concession costs, and nothing else is forfeited, whatever it conceded or lost before;
    /// a lease whose inputs are unavailable is only not paid, and the batch's operator pays from its stake what
    /// a first concession costs. On a lease that another dispute has finished meanwhile, any ruling
    /// counts as `Verdict.None` without anything.
    function rule(uint256 disputeId, Ruling calldata ruling) external;

    /// @notice Take the seat of a verifier whose audit found `claimedDigest`, where the
    /// arbiter has found another: 15 % of its stake to the caller, the rest is burnt; all of it while the
    /// seat serves in a dispute. Anyone, with the opening that shows that the provider claimed it.
    function contradict(
        uint256 disputeId,
        uint8 round,
        bytes32 claimedDigest,
        bytes32 leafSalt,
        bytes32[] calldata proof
    ) external;

    /// @notice Take the seat of a verifier with an accepted audit whose result is not the one it had
    /// committed to before it saw the provider's: 15 % of its stake to the caller, the rest is burnt; all of
    /// it while the seat serves in a dispute, since the caller may be the verifier. Anyone, with both of
    /// its signatures.
    function reportEquivocation(Batch calldata batch, Equivocation calldata found) external;

    // ------------------------------------------------------------------------------ pausing

    /// @notice The guardian keeps new money out for `pauseSeconds`, at most a week, and not again
    /// before as much time as it lasted has passed after it. Nothing that is inside is touched.
    function pauseIntake(uint40 pauseSeconds) external;

    // ------------------------------------------------------------------------------ views

    /// @notice The EIP-712 domain that signatures must be for.
    function domainSeparator() external view returns (bytes32);
    /// @notice The market's parameters, and what of them can change.
    function terms() external view returns (ITerms);
    /// @notice The payment token.
    function token() external view returns (address);
    /// @notice Where seeds come from: an `IBeacon`.
    function beacon() external view returns (address);
    /// @notice Who decides disputes: an `IArbiter`.
    function arbiter() external view returns (address);
    /// @notice Until when intake is paused, and from when it can be paused again.
    function intakePause() external view returns (uint40 pausedUntil, uint40 nextPauseAt);
    /// @notice A batch's seed: keccak(beacon's value, batchId), so that no two batches share their draws.
    /// Zero before its block, and once the chain has forgotten that block's value and nobody fixed it.
    function seedOf(bytes32 batchId) external view returns (bytes32 seed);
    /// @notice A seat; reverts if it does not exist. Seats count from 0.
    function seat(uint32 seatId) external view returns (Seat memory);
    /// @notice What a seat still holds, and when it can be released (0 while it is held).
    function seatStake(uint32 seatId)
        external
        view
        returns (uint96 stakeWei, uint40 releasableAt, uint32 duties);
    /// @notice How many seats there are, held or not. It never falls.
    function seatCount() external view returns (uint32);
    /// @notice How many seats there were before a block: draws for what was committed in it are among
    /// these.
    function seatCountAt(uint48 blockNumber) external view returns (uint24);
    /// @notice Which wallet a device signs for, until when. It says what the wallet trusts, not that
    /// the device agreed to it.
    function deviceOf(address device) external view returns (address wallet, uint40 notAfter);
    /// @notice Whether a nonce of a delegation or a request is used, burnt, or of an ended epoch.
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool);
    /// @notice What Market keeps of the accepted audit of a task of lease `line` in a round; all zero if
    /// there is none.
    function acceptedAudit(bytes32 batchId, uint8 line, uint32 task, uint8 round)
        external
        view
        returns (AcceptedAudit memory);
    /// @notice A dispute's facts; reverts if it does not exist. Disputes count from 1.
    function dispute(uint256 disputeId) external view returns (Dispute memory);
    /// @notice The latest dispute's id.
    function disputeCount() external view returns (uint256);
    /// @notice Whether an open dispute is about a lease that is finished already.
    function isMoot(uint256 disputeId) external view returns (bool);
}
