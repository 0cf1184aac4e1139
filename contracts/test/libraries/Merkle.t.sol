// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "../../src/libraries/Merkle.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

contract MerkleTest {
    function _leaves(bytes32 seed, uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = Merkle.leafHash(abi.encode(seed, i));
        }
    }

    function root(bytes32[] memory leaves) external pure returns (bytes32) {
        return Merkle.root(leaves);
    }

    function testFuzz_EveryLeafIsThere(bytes32 seed, uint8 size, uint8 place) external pure {
        uint256 count = 1 + uint256(size) % 70;
        uint256 index = uint256(place) % count;
        bytes32[] memory leaves = _leaves(seed, count);
        bytes32[] memory proof = Trees.proof(leaves, index);
        vm.assertTrue(Merkle.verify(leaves[index], index, count, proof, Trees.root(leaves)));
    }

    function testFuzz_NoLeafIsElsewhere(bytes32 seed, uint8 size, uint8 place, uint8 claimed)
        external
        pure
    {
        uint256 count = 2 + uint256(size) % 70;
        uint256 index = uint256(place) % count;
        uint256 other = uint256(claimed) % (2 * count);
        vm.assume(other != index);
        bytes32[] memory leaves = _leaves(seed, count);
        bytes32[] memory proof = Trees.proof(leaves, index);
        vm.assertFalse(Merkle.verify(leaves[index], other, count, proof, Trees.root(leaves)));
    }

    function testFuzz_NoOtherLeafOrProofOrCountVerifies(bytes32 seed, uint8 size, uint8 place)
        external
        pure
    {
        uint256 count = 2 + uint256(size) % 70;
        uint256 index = uint256(place) % count;
        bytes32[] memory leaves = _leaves(seed, count);
        bytes32[] memory proof = Trees.proof(leaves, index);
        bytes32 expected = Trees.root(leaves);
        vm.assertFalse(Merkle.verify(seed, index, count, proof, expected));
        vm.assertFalse(Merkle.verify(leaves[index], index, 2 * count, proof, expected));
        bytes32[] memory longer = new bytes32[](proof.length + 1);
        for (uint256 i; i < proof.length; ++i) {
            longer[i] = proof[i];
        }
        vm.assertFalse(Merkle.verify(leaves[index], index, count, longer, expected));
        if (proof.length == 0) return;
        proof[0] ^= bytes32(uint256(1));
        vm.assertFalse(Merkle.verify(leaves[index], index, count, proof, expected));
    }

    /// @dev An inner node cannot pass for a leaf: their hashes have different prefixes.
    function testFuzz_ANodeIsNoLeaf(bytes32 left, bytes32 right) external pure {
        bytes32 node = Merkle.nodeHash(left, right);
        vm.assertTrue(node != Merkle.leafHash(abi.encode(left, right)));
        vm.assertTrue(node != Merkle.leafHash(abi.encodePacked(bytes1(0x01), left, right)));
    }

    function test_RevertWhen_ThereAreNoLeaves() external {
        vm.expectRevert(Merkle.NoLeaves.selector);
        this.root(new bytes32[](0));
    }
}
