// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeacon} from "../interfaces/IBeacon.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {ITerms} from "../interfaces/ITerms.sol";
import {Params} from "../types/Params.sol";

/// @notice What every part of Market shares: what it was deployed with, and the accounts.
abstract contract MarketBase is IMarket {
    using SafeCast for uint256;

    uint256 internal constant MAX_ITEMS = 64;

    IERC20 internal immutable _TOKEN;
    IBeacon internal immutable _BEACON;
    address internal immutable _ARBITER;
    ITerms private immutable _TERMS;

    uint96 internal immutable _SEAT_STAKE_WEI;
    uint96 internal immutable _DISPUTE_BOND_WEI;
    uint96 internal immutable _MINIMUM_STAKE_WEI;
    uint32 internal immutable _SEED_DELAY_BLOCKS;
    uint40 internal immutable _DISPUTE_WINDOW_SECONDS;
    uint40 internal immutable _CONCEDE_SECONDS;
    uint40 internal immutable _COMMIT_GRACE_SECONDS;
    uint40 internal immutable _UNSTAKE_DELAY_SECONDS;
    uint32 internal immutable _SLASH_MULTIPLE;

    mapping(address owner => Account) internal _accounts;

    /// @inheritdoc IMarket
    uint256 public burntWei;

    constructor(IERC20 token_, IBeacon beacon_, address arbiter_, ITerms terms_) {
        Params memory p = terms_.params();
        _TERMS = terms_;
        _TOKEN = token_;
        _BEACON = beacon_;
        _ARBITER = arbiter_;
        _SEAT_STAKE_WEI = p.seatStakeWei;
        _DISPUTE_BOND_WEI = p.disputeBondWei;
        _MINIMUM_STAKE_WEI = p.minimumStakeWei;
        _SEED_DELAY_BLOCKS = p.seedDelayBlocks;
        _DISPUTE_WINDOW_SECONDS = p.disputeWindowSeconds;
        _CONCEDE_SECONDS = p.concedeSeconds;
        _COMMIT_GRACE_SECONDS = p.commitGraceSeconds;
        _UNSTAKE_DELAY_SECONDS = p.unstakeDelaySeconds;
        _SLASH_MULTIPLE = p.slashMultiple;
    }

    /// @inheritdoc IMarket
    function terms() external view returns (ITerms) {
        return _TERMS;
    }

    /// @inheritdoc IMarket
    function token() external view returns (address) {
        return address(_TOKEN);
    }

    /// @inheritdoc IMarket
    function beacon() external view returns (address) {
        return address(_BEACON);
    }

    /// @inheritdoc IMarket
    function arbiter() external view returns (address) {
        return _ARBITER;
    }

    /// @inheritdoc IMarket
    function account(address owner) external view returns (Account memory) {
        return _accounts[owner];
    }

    function _spend(address owner, uint256 amountWei) internal {
        Account storage payer = _accounts[owner];
        uint128 freeWei = payer.balanceWei;
        if (amountWei > freeWei) revert InsufficientBalance(owner, amountWei, freeWei);
        payer.balanceWei = freeWei - uint128(amountWei);
    }

    function _credit(address owner, uint256 amountWei) internal {
        _accounts[owner].balanceWei += amountWei.toUint128();
    }

    /// @dev Take up to `amountWei` of what stands behind an account's work.
    function _takeStake(Account storage owner, uint256 amountWei)
        internal
        returns (uint256 takenWei)
    {
        uint256 fromStake = _min(amountWei, owner.stakeWei);
        uint256 fromUnstaking = _min(amountWei - fromStake, owner.unstakingWei);
        owner.stakeWei -= uint128(fromStake);
        owner.unstakingWei -= uint128(fromUnstaking);
        return fromStake + fromUnstaking;
    }

    function _requireFew(uint256 given) internal pure {
        if (given == 0 || given > MAX_ITEMS) revert TooMany(given, MAX_ITEMS);
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
