// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A wallet lets a device's hot key sign offers and results, and nothing else.
struct Delegation {
    address wallet;
    address device;
    uint40 notAfter;
    uint256 nonce;
}

/// @notice The EIP-712 hash of a `Delegation`. Mirrors protocol/delegation.py.
library DelegationHash {
    bytes32 internal constant TYPEHASH =
        keccak256("Delegation(address wallet,address device,uint40 notAfter,uint256 nonce)");

    function hash(Delegation memory delegation) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, delegation));
    }
}
