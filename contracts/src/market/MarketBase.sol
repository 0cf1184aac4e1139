// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../interfaces/IBeacon.sol";
import {IMarketErrors} from "../interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../interfaces/IMarketEvents.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Account} from "../types/Account.sol";
import {BatchWord} from "../types/BatchState.sol";
import {JobWord} from "../types/JobState.sol";
import {Params} from "../types/Params.sol";

/// @notice What every part of Market shares: what it was deployed with, and all of its storage. Market
/// and Annex both start with this, so that they agree about every word.
abstract contract MarketBase is IMarketEvents, IMarketErrors {
    using SafeCast for uint256;

    struct Device {
        address wallet;
        uint40 notAfter;
    }

    uint256 internal constant MAX_ITEMS = 64;

    IERC20 internal immutable _TOKEN;
    IBeacon internal immutable _BEACON;
    address internal immutable _ARBITER;
    ITerms internal immutable _TERMS;

    uint96 internal immutable _SEAT_STAKE_WEI;
    uint96 internal immutable _MINIMUM_STAKE_WEI;
    uint32 internal immutable _SEED_DELAY_BLOCKS;
    uint40 internal immutable _DISPUTE_WINDOW_SECONDS;
    uint40 internal immutable _CONCEDE_SECONDS;
    uint40 internal immutable _COMMIT_GRACE_SECONDS;
    uint40 internal immutable _UNSTAKE_DELAY_SECONDS;

    mapping(address owner => Account) internal _accounts;
    mapping(address device => Device) internal _devices;
    mapping(address signer => Bitmap.Set) internal _usedNonces;
    mapping(bytes32 digest => bool) internal _usedPermits;

    mapping(bytes32 jobId => JobWord) internal _jobs;
    mapping(bytes32 jobId => uint40) internal _cancelledAt;
    /// @dev Tasks below a job's frontier that are not committed.
    mapping(bytes32 jobId => Bitmap.Set) internal _holes;
    /// @dev By a lease result's struct hash: it was released, and never counts again.
    mapping(bytes32 resultHash => bool) internal _voidResults;

    mapping(bytes32 batchId => BatchWord) internal _batches;
    mapping(bytes32 batchId => bytes32) internal _seeds;

    uint40 internal _intakePausedUntil;
    uint40 internal _nextPauseAt;
    uint24 internal _seatCount;
    uint96 internal _burntWei;
    /// @dev The seat released last, plus 1; 0 if all have been taken again.
    uint32 internal _releasedSeat;

    /// @dev For whom `relay` calls; whoever asks for it takes it.
    address internal transient _relayedFor;

    constructor(IERC20 token_, IBeacon beacon_, address arbiter_, ITerms terms_) {
        Params memory p = terms_.params();
        _TERMS = terms_;
        _TOKEN = token_;
        _BEACON = beacon_;
        _ARBITER = arbiter_;
        _SEAT_STAKE_WEI = p.seatStakeWei;
        _MINIMUM_STAKE_WEI = p.minimumStakeWei;
        _SEED_DELAY_BLOCKS = p.seedDelayBlocks;
        _DISPUTE_WINDOW_SECONDS = p.disputeWindowSeconds;
        _CONCEDE_SECONDS = p.concedeSeconds;
        _COMMIT_GRACE_SECONDS = p.commitGraceSeconds;
        _UNSTAKE_DELAY_SECONDS = p.unstakeDelaySeconds;
    }

    /// @dev Who acts: the caller, or the signer whose request is being relayed. It is taken at once, so
    /// that nothing called on the way can act for the signer too.
    function _caller() internal returns (address signer) {
        signer = _relayedFor;
        if (signer == address(0)) return msg.sender;
        _relayedFor = address(0);
    }

    function _spend(address owner, uint256 amountWei) internal {
        Account storage payer = _accounts[owner];
        uint96 freeWei = payer.balanceWei;
        if (amountWei > freeWei) revert InsufficientBalance(owner, amountWei, freeWei);
        payer.balanceWei = freeWei - uint96(amountWei);
    }

    function _credit(address owner, uint256 amountWei) internal {
        _accounts[owner].balanceWei += amountWei.toUint96();
    }

    /// @dev Burnt credits stay here, out of everybody's reach.
    function _burn(uint256 amountWei) internal {
        _burntWei += uint96(amountWei);
    }

    /// @dev Take up to `amountWei` of what stands behind an account's work.
    function _takeStake(Account storage owner, uint256 amountWei)
        internal
        returns (uint256 takenWei)
    {
        uint256 fromStake = _min(amountWei, owner.stakeWei);
        uint256 fromUnstaking = _min(amountWei - fromStake, owner.unstakingWei);
        owner.stakeWei -= uint96(fromStake);
        owner.unstakingWei -= uint96(fromUnstaking);
        return fromStake + fromUnstaking;
    }

    function _requireFew(uint256 given) internal pure {
        if (given == 0 || given > MAX_ITEMS) revert TooMany(given, MAX_ITEMS);
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
