// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Delegation, DelegationHash} from "../../src/types/Delegation.sol";
import {Fixture} from "../Fixture.sol";
import {SmartAccount} from "../SmartAccount.sol";
import {vm} from "../Vm.sol";

contract DelegateTest is Fixture {
    address internal fresh = vm.addr(0xD1);
    uint40 internal notAfter = uint40(START + 1 days);

    function _delegation() internal view returns (Delegation memory) {
        return Delegation(provider, fresh, notAfter, 7);
    }

    function _send(Delegation memory delegation, uint256 key) internal {
        bytes memory signature = _sign(key, DelegationHash.hash(delegation));
        vm.prank(stranger);
        market.delegate(delegation, signature);
    }

    function test_BindsTheDevice_WhoeverSends() external {
        Delegation memory delegation = _delegation();
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(delegation));
        vm.expectEmit(address(market));
        emit IMarketEvents.DeviceDelegated(provider, fresh, notAfter);
        vm.prank(stranger);
        market.delegate(delegation, signature);
        (address wallet, uint40 until) = market.deviceOf(fresh);
        vm.assertEq(wallet, provider);
        vm.assertEq(until, notAfter);
        vm.assertTrue(market.isNonceUsed(provider, 7));
    }

    function test_RevertWhen_Forged() external {
        bytes memory signature = _sign(STRANGER_KEY, DelegationHash.hash(_delegation()));
        _expect(_badSignature(provider));
        market.delegate(_delegation(), signature);
    }

    function test_RevertWhen_SignedByADevice() external {
        bytes memory signature = _sign(DEVICE_KEY, DelegationHash.hash(_delegation()));
        _expect(_badSignature(provider));
        market.delegate(_delegation(), signature);
    }

    function test_RevertWhen_ForAnotherChain() external {
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(_delegation()));
        vm.chainId(5);
        _expect(_badSignature(provider));
        market.delegate(_delegation(), signature);
    }

    function test_RevertWhen_ForAnotherContract() external {
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(_delegation()));
        IMarket other = _deployMarket(address(token), address(beacon), address(1), _params());
        _expect(_badSignature(provider));
        other.delegate(_delegation(), signature);
    }

    function test_RevertWhen_AnyFieldIsChanged() external {
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(_delegation()));
        Delegation memory delegation = _delegation();
        delegation.notAfter += 1;
        _expect(_badSignature(provider));
        market.delegate(delegation, signature);
    }

    function test_RevertWhen_TheNonceIsOfAnotherEpoch() external {
        Delegation memory delegation = _delegation();
        delegation.nonce = 1 << 248 | 7;
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(delegation));
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.NonceOfAnotherEpoch.selector, provider, delegation.nonce, 0
            )
        );
        market.delegate(delegation, signature);
    }

    function test_AWalletRenewsItsOwnDevice() external {
        _send(_delegation(), PROVIDER_KEY);
        Delegation memory delegation = _delegation();
        (delegation.notAfter, delegation.nonce) = (notAfter + 1 days, 8);
        _send(delegation, PROVIDER_KEY);
        (, uint40 until) = market.deviceOf(fresh);
        vm.assertEq(until, notAfter + 1 days);
    }

    function test_RevertWhen_Replayed() external {
        _send(_delegation(), PROVIDER_KEY);
        vm.prank(provider);
        market.revokeDevice(fresh);
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(_delegation()));
        _expect(abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, provider, 7));
        market.delegate(_delegation(), signature);
    }

    function test_RevertWhen_Expired() external {
        vm.warp(notAfter);
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(_delegation()));
        _expect(abi.encodeWithSelector(IMarketErrors.SignatureExpired.selector, notAfter, notAfter));
        market.delegate(_delegation(), signature);
    }

    function test_RevertWhen_TheDeviceServesAnotherWallet() external {
        Delegation memory stolen = Delegation(stranger, device, notAfter, 1);
        bytes memory signature = _sign(STRANGER_KEY, DelegationHash.hash(stolen));
        _expect(abi.encodeWithSelector(IMarketErrors.DeviceTaken.selector, device, provider));
        market.delegate(stolen, signature);
    }

    function test_AnExpiredDeviceCanServeAnotherWallet() external {
        vm.warp(START + 1 days + 1);
        _delegate(STRANGER_KEY, device, uint40(START + 2 days), 1);
        (address wallet,) = market.deviceOf(device);
        vm.assertEq(wallet, stranger);
    }

    function test_RevertWhen_TheDeviceIsNobodyOrTheWallet() external {
        Delegation memory delegation = _delegation();
        delegation.device = address(0);
        _expect(abi.encodeWithSelector(IMarketErrors.InvalidDevice.selector, address(0)));
        market.delegate(delegation, "");
        delegation.device = provider;
        _expect(abi.encodeWithSelector(IMarketErrors.InvalidDevice.selector, provider));
        market.delegate(delegation, "");
    }

    function test_RevertWhen_NobodySigns() external {
        Delegation memory delegation = _delegation();
        delegation.wallet = address(0);
        _expect(_badSignature(address(0)));
        market.delegate(delegation, new bytes(65));
    }

    function test_ASmartAccountSigns() external {
        SmartAccount account = new SmartAccount();
        Delegation memory delegation = _delegation();
        delegation.wallet = address(account);
        account.approve(_digest(DelegationHash.hash(delegation)));
        market.delegate(delegation, "anything");
        delegation.nonce = 8;
        _expect(_badSignature(address(account)));
        market.delegate(delegation, "anything");
    }

    function test_RevertWhen_TheWalletIsAContractThatKnowsNoSignatures() external {
        Delegation memory delegation = _delegation();
        delegation.wallet = address(token);
        _expect(_badSignature(address(token)));
        market.delegate(delegation, "anything");
    }

    function test_RevokesOnlyOnesOwn() external {
        _expect(abi.encodeWithSelector(IMarketErrors.NotYourDevice.selector, device));
        vm.prank(stranger);
        market.revokeDevice(device);
        _expect(abi.encodeWithSelector(IMarketErrors.NotYourDevice.selector, device));
        vm.prank(device);
        market.revokeDevice(device);
        vm.expectEmit(address(market));
        emit IMarketEvents.DeviceRevoked(provider, device);
        vm.prank(provider);
        market.revokeDevice(device);
        (address wallet, uint40 until) = market.deviceOf(device);
        vm.assertEq(wallet, address(0));
        vm.assertEq(until, 0);
    }

    function test_ABurntNonceVoidsASignature() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.NonceBurnt(provider, 7);
        vm.prank(provider);
        market.burnNonce(7);
        vm.assertTrue(market.isNonceUsed(provider, 7));
        vm.assertFalse(market.isNonceUsed(provider, 8));
        vm.assertFalse(market.isNonceUsed(stranger, 7));
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(_delegation()));
        bytes memory error_ = abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, provider, 7);
        _expect(error_);
        market.delegate(_delegation(), signature);
        _expect(error_);
        vm.prank(provider);
        market.burnNonce(7);
    }

    function test_RevertWhen_BurningANonceOfAnotherEpoch() external {
        uint256 nonce = 1 << 248;
        _expect(
            abi.encodeWithSelector(IMarketErrors.NonceOfAnotherEpoch.selector, provider, nonce, 0)
        );
        vm.prank(provider);
        market.burnNonce(nonce);
    }

    /// @dev The other signature of the same digest, with s in the upper half.
    function test_RevertWhen_TheSignatureIsMalleable() external {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(PROVIDER_KEY, _digest(DelegationHash.hash(_delegation())));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory other = abi.encodePacked(r, order - uint256(s), v == 27 ? 28 : 27);
        _expect(_badSignature(provider));
        market.delegate(_delegation(), other);
    }
}
