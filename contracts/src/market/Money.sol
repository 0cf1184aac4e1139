// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Permit, Permits} from "../libraries/Permits.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Tokens in and out, and stake.
abstract contract Money is MarketBase, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    mapping(bytes32 digest => bool) private _usedPermits;

    /// @inheritdoc IMarket
    function deposit(uint128 amountWei) external nonReentrant {
        _pull(msg.sender, amountWei);
    }

    /// @inheritdoc IMarket
    function depositWithPermit(
        address owner,
        uint128 amountWei,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        Permit memory permit = Permit(owner, amountWei, deadline, v, r, s);
        bytes32 digest = Permits.use(IERC20Permit(address(_TOKEN)), permit);
        bool isFresh = digest != 0 && !_usedPermits[digest];
        if (!isFresh && msg.sender != owner) revert PermitInvalid(owner);
        if (isFresh) _usedPermits[digest] = true;
        _pull(owner, amountWei);
    }

    /// @inheritdoc IMarket
    function withdraw(uint128 amountWei, address to) external nonReentrant {
        if (amountWei == 0) revert ZeroAmount();
        if (to == address(0) || to == address(this)) revert InvalidRecipient(to);
        _spend(msg.sender, amountWei);
        emit Withdrawn(msg.sender, to, amountWei);
        _TOKEN.safeTransfer(to, amountWei);
    }

    /// @inheritdoc IMarket
    function stake(uint128 amountWei) external {
        if (amountWei == 0) revert ZeroAmount();
        _spend(msg.sender, amountWei);
        _accounts[msg.sender].stakeWei += amountWei;
        emit Staked(msg.sender, amountWei);
    }

    /// @inheritdoc IMarket
    function requestUnstake(uint128 amountWei) external {
        Account storage owner = _accounts[msg.sender];
        if (amountWei == 0) revert ZeroAmount();
        if (amountWei > owner.stakeWei) {
            revert InsufficientStake(msg.sender, amountWei, owner.stakeWei);
        }
        owner.stakeWei -= amountWei;
        owner.unstakingWei += amountWei;
        owner.unstakeAt = uint40(block.timestamp) + _UNSTAKE_DELAY_SECONDS;
        emit UnstakeRequested(msg.sender, amountWei, owner.unstakeAt);
    }

    /// @inheritdoc IMarket
    function unstake() external {
        Account storage owner = _accounts[msg.sender];
        uint128 amountWei = owner.unstakingWei;
        if (amountWei == 0) revert NothingUnstaking(msg.sender);
        if (block.timestamp < owner.unstakeAt) revert StakeLocked(msg.sender, owner.unstakeAt);
        if (owner.unvestedWei != 0) revert StakeAtRisk(msg.sender, owner.unvestedWei);
        owner.unstakingWei = 0;
        owner.unstakeAt = 0;
        owner.balanceWei += amountWei;
        emit Unstaked(msg.sender, amountWei);
    }

    /// @dev The token moves first: what arrives is what counts.
    function _pull(address owner, uint128 amountWei) private {
        if (amountWei == 0) revert ZeroAmount();
        uint256 before = _TOKEN.balanceOf(address(this));
        _TOKEN.safeTransferFrom(owner, address(this), amountWei);
        uint256 received = _TOKEN.balanceOf(address(this)) - before;
        if (received != amountWei) revert TokenTookFee(amountWei, received);
        _credit(owner, amountWei);
        emit Deposited(owner, amountWei);
    }
}
