// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A call to Market that anyone may send for its signer, for a fee that the signer capped.
struct Request {
    address from;
    /// @dev The call's ABI encoding; its first four bytes name the function.
    bytes data;
    uint96 maxFeeWei;
    uint40 notAfter;
    uint256 nonce;
}

/// @notice The EIP-712 hash of a `Request`. Mirrors protocol/request.py.
library RequestHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Request(address from,bytes data,uint96 maxFeeWei,uint40 notAfter,uint256 nonce)"
    );

    function hash(Request memory request) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TYPEHASH,
                request.from,
                keccak256(request.data),
                request.maxFeeWei,
                request.notAfter,
                request.nonce
            )
        );
    }
}
