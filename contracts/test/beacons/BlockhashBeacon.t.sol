// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockhashBeacon} from "../../src/beacons/BlockhashBeacon.sol";
import {vm} from "../Vm.sol";

/// @notice Answers as the history contract does: the value, or a revert when it is out of range.
contract History {
    fallback() external {
        uint256 number = abi.decode(msg.data, (uint256));
        if (number >= block.number || number + 8191 < block.number) revert();
        bytes32 value = keccak256(abi.encode("history", number));
        assembly {
            mstore(0, value)
            return(0, 32)
        }
    }
}

contract BlockhashBeaconTest {
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    BlockhashBeacon internal beacon = new BlockhashBeacon();

    function setUp() external {
        vm.roll(100_000);
        vm.etch(HISTORY, "");
    }

    function test_KnowsTheLast256Blocks() external view {
        vm.assertEq(beacon.valueAt(99_999), blockhash(99_999));
        vm.assertTrue(beacon.valueAt(100_000 - 256) != 0);
    }

    function test_DoesNotKnowThePresentOrTheFuture() external view {
        vm.assertEq(beacon.valueAt(100_000), 0);
        vm.assertEq(beacon.valueAt(100_001), 0);
    }

    function test_DoesNotKnowOlderBlocksWithoutHistory() external view {
        vm.assertEq(beacon.valueAt(100_000 - 257), 0);
    }

    function test_AsksTheHistoryContract() external {
        vm.etch(HISTORY, address(new History()).code);
        uint256 number = 100_000 - 257;
        vm.assertEq(beacon.valueAt(number), keccak256(abi.encode("history", number)));
        vm.assertEq(beacon.valueAt(100_000 - 8192), 0);
        vm.assertEq(beacon.valueAt(100_000), 0);
    }
}
