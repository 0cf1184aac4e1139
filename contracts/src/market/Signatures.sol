// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Bitmap} from "../libraries/Bitmap.sol";
import {Signature} from "../types/Batch.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Who signed what: EIP-712 digests, nonces, and the devices that sign for wallets.
abstract contract Signatures is MarketBase {
    using Bitmap for Bitmap.Set;

    string internal constant DOMAIN_NAME = "Fallow Market";
    string internal constant DOMAIN_VERSION = "1";
    bytes32 private constant _DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant _NAME_HASH = keccak256("Fallow Market");
    bytes32 private constant _VERSION_HASH = keccak256("1");

    /// @dev By `address(this)` at the time: Annex runs at Market's address, and a fork has another
    /// chain id.
    function _domainSeparator() internal view virtual returns (bytes32) {
        return keccak256(
            abi.encode(_DOMAIN_TYPEHASH, _NAME_HASH, _VERSION_HASH, block.chainid, address(this))
        );
    }

    function _typedDigest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_domainSeparator(), structHash);
    }

    /// @dev A nonce's first byte is the epoch that its signer was in; the rest is free.
    function _requireEpoch(address signer, uint256 nonce) internal view {
        uint8 epoch = _accounts[signer].epoch;
        if (nonce >> 248 != epoch) revert NonceOfAnotherEpoch(signer, nonce, epoch);
    }

    function _useNonce(address signer, uint256 nonce) internal {
        _requireEpoch(signer, nonce);
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

    /// @dev By the wallet's own key or one of its live devices'. A wallet that is a contract has its
    /// devices sign.
    function _requireKeyOf(address wallet, bytes32 digest, Signature calldata signature)
        internal
        view
    {
        (address signer,,) = ECDSA.tryRecover(digest, signature.r, signature.vs);
        if (signer == address(0) || !_actsFor(signer, wallet)) revert BadSignature(wallet);
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
