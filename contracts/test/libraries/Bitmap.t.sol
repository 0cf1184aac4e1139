// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bitmap} from "../../src/libraries/Bitmap.sol";
import {vm} from "../Vm.sol";

contract BitmapTest {
    using Bitmap for Bitmap.Set;

    uint256 internal constant NONE = type(uint256).max;

    Bitmap.Set internal set;

    function testFuzz_ARangeIsExactlyItsMembers(uint16 start, uint16 length, uint16 there)
        external
    {
        uint256 first = 1000 + uint256(start) % 600;
        uint256 count = 1 + uint256(length) % 600;
        uint256 member = 990 + uint256(there) % 1300;
        set.add(member);
        set.addRange(first, count);
        for (uint256 i = 990; i < 2300; ++i) {
            bool isInside = i >= first && i < first + count;
            vm.assertTrue(set.has(i) == (isInside || i == member));
        }
    }

    function testFuzz_TheFirstMissingIsFound(uint16 start, uint16 length, uint16 a, uint16 b)
        external
    {
        uint256 first = uint256(start) % 600;
        uint256 count = 1 + uint256(length) % 600;
        uint256 missing = first + uint256(a) % count;
        uint256 other = first + uint256(b) % count;
        set.addRange(first, missing - first);
        set.addRange(missing + 1, first + count - missing); // and one beyond the range
        if (other > missing) vm.assertEq(set.takeRange(other, 1), NONE);
        vm.assertEq(set.takeRange(first, count), missing);
    }

    function testFuzz_TakingLeavesTheRest(uint16 start, uint16 length) external {
        uint256 first = uint256(start) % 600;
        uint256 count = 1 + uint256(length) % 600;
        set.addRange(0, 1300);
        vm.assertEq(set.takeRange(first, count), NONE);
        for (uint256 i; i < 1300; ++i) {
            vm.assertTrue(set.has(i) == (i < first || i >= first + count));
        }
        vm.assertEq(set.takeRange(first, count), first);
    }

    function test_WholeWords() external {
        set.addRange(256, 512);
        vm.assertEq(set.words[0], 0);
        vm.assertEq(set.words[1], NONE);
        vm.assertEq(set.words[2], NONE);
        vm.assertEq(set.words[3], 0);
        vm.assertEq(set.takeRange(511, 2), NONE);
        vm.assertEq(set.words[1], NONE >> 1);
        vm.assertEq(set.words[2], NONE - 1);
    }

    function test_AnEmptyRangeIsNothing() external {
        set.addRange(5, 0);
        set.addRange(256, 0);
        vm.assertEq(set.words[0], 0);
        vm.assertEq(set.words[1], 0);
        vm.assertEq(set.takeRange(5, 0), NONE);
    }
}
