// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IMarketCore} from "../interfaces/IMarketCore.sol";
import {Permit, Permits} from "../libraries/Permits.sol";
import {Account} from "../types/Account.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Tokens in and out, and stake.
abstract contract Money is MarketBase, IMarketCore, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IMarketCore
    function deposit(uint96 amountWei) external nonReentrant {
        _pull(_caller(), amountWei);
    }

    /// @inheritdoc IMarketCore
    function depositWithPermit(
        address owner,
        uint96 amountWei,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        address sender = _caller();
        Permit memory permit = Permit(owner, amountWei, deadline, v, r, s);
        bytes32 digest = Permits.use(IERC20Permit(address(_TOKEN)), permit);
        bool isFresh = digest != 0 && !_usedPermits[digest];
        if (!isFresh && sender != owner) revert PermitInvalid(owner);
        if (isFresh) _usedPermits[digest] = true;
        _pull(owner, amountWei);
    }

    /// @inheritdoc IMarketCore
    function withdraw(uint96 amountWei, address to) external nonReentrant {
        if (amountWei == 0) revert ZeroAmount();
        if (to == address(0) || to == address(this)) revert InvalidRecipient(to);
        address owner = _caller();
        _spend(owner, amountWei);
        emit Withdrawn(owner, to, amountWei);
        _TOKEN.safeTransfer(to, amountWei);
    }

    /// @inheritdoc IMarketCore
    function stake(uint96 amountWei) external {
        if (amountWei == 0) revert ZeroAmount();
        address owner = _caller();
        _spend(owner, amountWei);
        _accounts[owner].stakeWei += amountWei;
        emit Staked(owner, amountWei);
    }

    /// @inheritdoc IMarketCore
    function requestUnstake(uint96 amountWei) external {
        address owner = _caller();
        Account storage own = _accounts[owner];
        if (amountWei == 0) revert ZeroAmount();
        if (amountWei > own.stakeWei) revert InsufficientStake(owner, amountWei, own.stakeWei);
        own.stakeWei -= amountWei;
        own.unstakingWei += amountWei;
        own.unstakeAt = uint40(block.timestamp) + _UNSTAKE_DELAY_SECONDS;
        emit UnstakeRequested(owner, amountWei, own.unstakeAt);
    }

    /// @inheritdoc IMarketCore
    function unstake(address owner) external {
        Account storage own = _accounts[owner];
        uint96 amountWei = own.unstakingWei;
        if (amountWei == 0) revert NothingUnstaking(owner);
        if (block.timestamp < own.unstakeAt) revert StakeLocked(owner, own.unstakeAt);
        if (own.openDisputes != 0) revert StakeInDispute(owner, own.openDisputes);
        own.unstakingWei = 0;
        own.unstakeAt = 0;
        own.balanceWei += amountWei;
        emit Unstaked(owner, amountWei);
    }

    /// @inheritdoc IMarketCore
    function account(address owner) external view returns (Account memory) {
        return _accounts[owner];
    }

    /// @inheritdoc IMarketCore
    function burntWei() external view returns (uint256) {
        return _burntWei;
    }

    /// @dev The token moves first: what arrives is what counts. All that Market holds stays within 96
    /// bits, so that no balance can ever run over.
    function _pull(address owner, uint96 amountWei) private {
        if (block.timestamp < _intakePausedUntil) revert IntakePaused(_intakePausedUntil);
        if (amountWei == 0) revert ZeroAmount();
        uint256 before = _TOKEN.balanceOf(address(this));
        _TOKEN.safeTransferFrom(owner, address(this), amountWei);
        uint256 held = _TOKEN.balanceOf(address(this));
        if (held > type(uint96).max) revert AmountTooLarge(held, type(uint96).max);
        uint256 received = held - before;
        if (received != amountWei) revert TokenTookFee(amountWei, received);
        _credit(owner, amountWei);
        emit Deposited(owner, amountWei);
    }
}
