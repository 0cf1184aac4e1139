// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bitmap} from "../../src/libraries/Bitmap.sol";
import {vm} from "../Vm.sol";

contract BitmapTest {
    using Bitmap for Bitmap.Set;

    Bitmap.Set internal set;

    function testFuzz_ARangeIsExactlyItsMembers(uint16 start, uint16 length) external {
        uint256 first = 1000 + uint256(start) % 600;
        uint256 count = 1 + uint256(length) % 600;
        vm.assertEq(set.addRange(first, count), type(uint256).max);
        for (uint256 i = 990; i < 2300; ++i) {
            vm.assertTrue(set.has(i) == (i >= first && i < first + count));
        }
    }

    function testFuzz_TheFirstClashIsFound(uint16 start, uint16 length, uint16 taken) external {
        uint256 first = uint256(start) % 600;
        uint256 count = 1 + uint256(length) % 600;
        uint256 member = first + uint256(taken) % count;
        set.add(member);
        set.add(first + count);
        if (member > 0 && first > 0) set.add(first - 1);
        vm.assertEq(set.addRange(first, count), member);
    }

    function testFuzz_RemovingLeavesTheRest(uint16 start, uint16 length) external {
        uint256 first = uint256(start) % 600;
        uint256 count = 1 + uint256(length) % 600;
        set.addRange(0, 1300);
        set.removeRange(first, count);
        for (uint256 i; i < 1300; ++i) {
            vm.assertTrue(set.has(i) == (i < first || i >= first + count));
        }
    }
}
