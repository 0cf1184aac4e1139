// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {Delegation, DelegationHash} from "../../src/types/Delegation.sol";
import {Request} from "../../src/types/Request.sol";
import {Ledger} from "./Ledger.sol";
import {vm} from "../Vm.sol";

/// @notice What people do with their own money, by themselves or through a relayer, and what the
/// guardian may do about it.
abstract contract MoneySteps is Ledger {
    uint256 internal constant MOST_SEATS = 32;
    uint256 internal _nonce = 100;

    function deposit(uint256 random) external step {
        address who = _someone(random);
        uint96 amountWei = uint96(1 + _pick(random, 1, 1000 ether));
        token.mint(who, amountWei);
        vm.startPrank(who);
        token.approve(address(market), amountWei);
        try market.deposit(amountWei) {
            vm.assertTrue(!_isPaused(), "money came in though intake is paused");
        } catch {
            vm.assertTrue(_isPaused(), "money was refused");
        }
        vm.stopPrank();
    }

    function withdraw(uint256 random) external step {
        address who = _someone(random);
        uint256 balanceWei = _balance(who);
        if (balanceWei == 0) return;
        uint96 amountWei = uint96(1 + _pick(random, 1, balanceWei) / 16);
        _allow(who, amountWei);
        uint256 before = token.balanceOf(stranger);
        vm.prank(who);
        market.withdraw(amountWei, stranger);
        vm.assertEq(token.balanceOf(stranger), before + amountWei);
    }

    /// @dev Somebody whose stake can be taken.
    function _worker(uint256 random) private view returns (address) {
        return random % 3 == 0 ? operator : random % 2 == 0 ? provider : rival;
    }

    function stake(uint256 random) external step {
        address who = _worker(random);
        uint256 mostWei = _balance(who) < 10 ether ? _balance(who) : 10 ether;
        if (mostWei == 0) return;
        vm.prank(who);
        market.stake(uint96(1 + _pick(random, 1, mostWei)));
    }

    function requestUnstake(uint256 random) external step {
        address who = _worker(random);
        uint256 stakeWei = _stakeOf(who);
        if (stakeWei == 0) return;
        vm.prank(who);
        market.requestUnstake(uint96(1 + _pick(random, 1, stakeWei)));
    }

    function unstake(uint256 random) external step {
        address who = _worker(random);
        vm.prank(stranger);
        try market.unstake(who) {
            _happened("unstaked");
        } catch {}
    }

    function takeSeat(uint256 random) external step {
        if (market.seatCount() >= MOST_SEATS) return;
        vm.prank(_verifier(random % VERIFIERS));
        try market.takeSeats(1) {
            vm.assertTrue(!_isPaused(), "a seat was taken though intake is paused");
        } catch {}
    }

    function leaveSeat(uint256 random) external step {
        if (_pick(random, 2, 3) != 0) return; // else nobody is left to audit and to judge
        _moveSeat(random, true);
    }

    function releaseSeat(uint256 random) external step {
        _moveSeat(random, false);
    }

    function _moveSeat(uint256 random, bool isLeaving) private {
        uint32[] memory ids = new uint32[](1);
        ids[0] = uint32(_pick(random, 1, market.seatCount()));
        address holder = market.seat(ids[0]).holder;
        vm.startPrank(holder);
        if (isLeaving) {
            try market.leaveSeats(ids) {
                _happened("seat left");
            } catch {}
        } else {
            try market.releaseSeats(ids) {
                _happened("seat released");
            } catch {}
        }
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------ signatures

    /// @dev Somebody signs a call; a stranger sends it, twice, for its fee.
    function relay(uint256 random) external step {
        uint256 key = _someKey(random);
        address signer = vm.addr(key);
        uint96 feeWei = uint96(_pick(random, 2, 1 ether));
        uint96 amountWei = uint96(1 + _pick(random, 3, 10 ether));
        (Request memory request, bytes memory signature) =
            _request(key, _someCall(random, amountWei), feeWei, _freshNonce(signer));
        _allow(signer, uint256(feeWei) + amountWei);
        uint256 before = _balance(stranger);
        vm.prank(stranger);
        try market.relay(request, feeWei, signature) {
            _happened("relayed");
            vm.assertTrue(_balance(stranger) == before + feeWei);
            vm.prank(stranger);
            try market.relay(request, feeWei, signature) {
                robbed = signer;
            } catch {}
        } catch {
            _happened("relay refused");
        }
    }

    function _someKey(uint256 random) private pure returns (uint256) {
        uint256 which = _pick(random, 1, 5 + VERIFIERS);
        if (which == 0) return REQUESTER_KEY;
        if (which == 1) return PROVIDER_KEY;
        if (which == 2) return CHALLENGER_KEY;
        if (which == 3) return RIVAL_KEY;
        if (which == 4) return OPERATOR_KEY;
        return VERIFIER_KEY + which - 5;
    }

    function _someCall(uint256 random, uint96 amountWei) private view returns (bytes memory) {
        uint256 which = _pick(random, 4, 5);
        if (which == 0) return abi.encodeCall(IMarketCore.withdraw, (amountWei, stranger));
        if (which == 1) return abi.encodeCall(IMarketCore.stake, (amountWei));
        if (which == 2) return abi.encodeCall(IMarketCore.unstake, (provider));
        if (which == 3) return abi.encodeCall(IAnnex.burnNonce, (_nonce));
        return abi.encodeCall(IMarketCore.deposit, (amountWei));
    }

    /// @dev In the signer's epoch.
    function _freshNonce(address signer) internal returns (uint256) {
        return uint256(market.account(signer).epoch) << 248 | ++_nonce;
    }

    /// @dev Everything that was signed before is void; now and then.
    function cancelAll(uint256 random) external step {
        address who = random % 2 == 0 ? requester : provider;
        if (_pick(random, 1, 8) != 0 || market.account(who).epoch > 250) return;
        vm.prank(who);
        market.cancelAll();
        _happened("epoch begun");
    }

    /// @dev The provider's hot key is revoked, or trusted again.
    function moveDevice(uint256 random) external step {
        if (_isDeviceLive()) {
            if (_pick(random, 1, 4) != 0) return;
            vm.prank(provider);
            market.revokeDevice(device);
        } else {
            _delegateDevice();
        }
    }

    function _delegateDevice() internal {
        Delegation memory delegation =
            Delegation(provider, device, type(uint40).max, _freshNonce(provider));
        market.delegate(delegation, _sign(PROVIDER_KEY, DelegationHash.hash(delegation)));
    }

    function _isDeviceLive() internal view returns (bool) {
        (address wallet, uint40 notAfter) = market.deviceOf(device);
        return wallet == provider && notAfter >= _now();
    }

    // ------------------------------------------------------------------------------ the guardian

    function pauseIntake(uint256 random) external step {
        if (_pick(random, 2, 3) != 0) return;
        vm.prank(guardian);
        try market.pauseIntake(uint40(_pick(random, 1, 200))) {
            _happened("paused");
        } catch {}
    }
}
