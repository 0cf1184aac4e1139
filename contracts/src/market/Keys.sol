// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IAnnex} from "../interfaces/IAnnex.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Account} from "../types/Account.sol";
import {Delegation, DelegationHash} from "../types/Delegation.sol";
import {Request, RequestHash} from "../types/Request.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Devices, nonces, and calls that are signed by one and sent by another.
abstract contract Keys is Signatures, IAnnex, IERC5267 {
    using Bitmap for Bitmap.Set;
    using DelegationHash for Delegation;
    using RequestHash for Request;

    /// @inheritdoc IAnnex
    function delegate(Delegation memory delegation, bytes memory signature) external {
        address device = delegation.device;
        if (device == address(0) || device == delegation.wallet) revert InvalidDevice(device);
        if (delegation.notAfter <= block.timestamp) {
            revert SignatureExpired(delegation.notAfter, block.timestamp);
        }
        Device storage known = _devices[device];
        if (known.wallet != delegation.wallet && known.notAfter >= block.timestamp) {
            revert DeviceTaken(device, known.wallet);
        }
        _requireSignedBy(delegation.wallet, _typedDigest(delegation.hash()), signature);
        _useNonce(delegation.wallet, delegation.nonce);
        _devices[device] = Device(delegation.wallet, delegation.notAfter);
        emit DeviceDelegated(delegation.wallet, device, delegation.notAfter);
    }

    /// @inheritdoc IAnnex
    function revokeDevice(address device) external {
        address wallet = _caller();
        if (_devices[device].wallet != wallet) revert NotYourDevice(device);
        delete _devices[device];
        emit DeviceRevoked(wallet, device);
    }

    /// @inheritdoc IAnnex
    function burnNonce(uint256 nonce) external {
        address signer = _caller();
        _useNonce(signer, nonce);
        emit NonceBurnt(signer, nonce);
    }

    /// @inheritdoc IAnnex
    function cancelAll() external {
        address signer = _caller();
        Account storage own = _accounts[signer];
        if (own.epoch == type(uint8).max) revert EpochsUsedUp(signer);
        emit EpochBegun(signer, ++own.epoch);
    }

    /// @inheritdoc IAnnex
    function relay(Request calldata request, uint96 feeWei, bytes calldata signature) external {
        if (_relayedFor != address(0)) revert RelayInRelay();
        if (request.notAfter < block.timestamp) {
            revert SignatureExpired(request.notAfter, block.timestamp);
        }
        if (feeWei > request.maxFeeWei) revert FeeOverCap(feeWei, request.maxFeeWei);
        _requireSignedBy(request.from, _typedDigest(request.hash()), signature);
        _useNonce(request.from, request.nonce);
        _relayedFor = request.from;
        // Market's own code at its own address: the call finds whatever function it names.
        Address.functionDelegateCall(address(this), request.data);
        _relayedFor = address(0);
        _spend(request.from, feeWei);
        _credit(msg.sender, feeWei);
        emit Relayed(request.from, msg.sender, request.nonce, feeWei);
    }

    /// @inheritdoc IAnnex
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparator();
    }

    /// @inheritdoc IAnnex
    function deviceOf(address device) external view returns (address wallet, uint40 notAfter) {
        return (_devices[device].wallet, _devices[device].notAfter);
    }

    /// @inheritdoc IAnnex
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool) {
        return nonce >> 248 < _accounts[signer].epoch || _usedNonces[signer].has(nonce);
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (
            hex"0f", DOMAIN_NAME, DOMAIN_VERSION, block.chainid, address(this), 0, new uint256[](0)
        );
    }
}
