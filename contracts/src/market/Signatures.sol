// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Delegation, DelegationHash} from "../types/Delegation.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Who signed what: EIP-712 digests, nonces, and the devices that sign for wallets.
abstract contract Signatures is MarketBase, IERC5267 {
    using Bitmap for Bitmap.Set;
    using DelegationHash for Delegation;

    struct Device {
        address wallet;
        uint40 notAfter;
    }

    string internal constant DOMAIN_NAME = "Fallow Market";
    string internal constant DOMAIN_VERSION = "1";
    bytes32 private constant _DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    mapping(address signer => Bitmap.Set) private _usedNonces;
    mapping(address device => Device) private _devices;

    /// @inheritdoc IMarket
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

    /// @inheritdoc IMarket
    function revokeDevice(address device) external {
        if (_devices[device].wallet != msg.sender) revert NotYourDevice(device);
        delete _devices[device];
        emit DeviceRevoked(msg.sender, device);
    }

    /// @inheritdoc IMarket
    function burnNonce(uint256 nonce) external {
        _useNonce(msg.sender, nonce);
        emit NonceBurnt(msg.sender, nonce);
    }

    /// @inheritdoc IMarket
    function domainSeparator() public view returns (bytes32) {
        bytes32 nameHash = keccak256(bytes(DOMAIN_NAME));
        bytes32 versionHash = keccak256(bytes(DOMAIN_VERSION));
        return keccak256(
            abi.encode(_DOMAIN_TYPEHASH, nameHash, versionHash, block.chainid, address(this))
        );
    }

    /// @inheritdoc IMarket
    function deviceOf(address device) external view returns (address wallet, uint40 notAfter) {
        return (_devices[device].wallet, _devices[device].notAfter);
    }

    /// @inheritdoc IMarket
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool) {
        return _usedNonces[signer].has(nonce);
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

    function _typedDigest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
    }

    function _useNonce(address signer, uint256 nonce) internal {
        if (_usedNonces[signer].has(nonce)) revert NonceUsed(signer, nonce);
        _usedNonces[signer].add(nonce);
    }

    /// @dev The wallet's own key, or a contract that says so (ERC-1271).
    function _requireSignedBy(address wallet, bytes32 digest, bytes memory signature)
        internal
        view
    {
        (address signer,,) = ECDSA.tryRecover(digest, signature);
        if (signer != wallet || signer == address(0)) {
            _requireSignedByContract(wallet, digest, signature);
        }
    }

    /// @dev As `_requireSignedBy`, or by one of the wallet's live devices.
    function _requireSignedFor(address wallet, bytes32 digest, bytes memory signature)
        internal
        view
    {
        (address signer,,) = ECDSA.tryRecover(digest, signature);
        bool isDevice = signer != wallet && signer != address(0) && _actsFor(signer, wallet);
        if (!isDevice) _requireSignedBy(wallet, digest, signature);
    }

    function _actsFor(address signer, address wallet) internal view returns (bool) {
        if (signer == wallet) return true;
        Device storage device = _devices[signer];
        return device.wallet == wallet && device.notAfter >= block.timestamp;
    }

    function _requireSignedByContract(address wallet, bytes32 digest, bytes memory signature)
        private
        view
    {
        bool isSigned = wallet.code.length != 0
            && SignatureChecker.isValidERC1271SignatureNow(wallet, digest, signature);
        if (!isSigned) revert BadSignature(wallet);
    }
}
