// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bitmap} from "../../src/libraries/Bitmap.sol";
import {Frontier} from "../../src/libraries/Frontier.sol";
import {JobWord, JobWords} from "../../src/types/JobState.sol";
import {vm} from "../Vm.sol";

contract FrontierTest {
    using Bitmap for Bitmap.Set;
    using Frontier for JobWord;

    error Clash(uint256 task);

    uint256 internal constant TASKS = 1500;
    uint256 internal constant STEPS = 40;

    JobWord internal word = JobWords.opened(5 ether, 3 ether);
    Bitmap.Set internal holes;

    /// @dev What the library is held against.
    bool[TASKS] internal isTaken;
    uint256[2][] internal leases;

    // ------------------------------------------------------------------------------ as Market does

    /// @dev A clash undoes everything, as it does in Market.
    function take(uint256 first, uint256 count) external {
        (JobWord next, uint256 clash) = word.take(holes, first, count);
        if (clash != Frontier.NONE) revert Clash(clash);
        word = next;
    }

    function free(uint256 first, uint256 count) external {
        word = word.free(holes, first, count);
    }

    function _isCommitted(uint256 task) internal view returns (bool) {
        return task < word.frontier() && !holes.has(task);
    }

    // ------------------------------------------------------------------------------ fuzz

    function testFuzz_IsAPlainSet(uint256 seed) external {
        for (uint256 step; step < STEPS; ++step) {
            uint256 random = uint256(keccak256(abi.encode(seed, step)));
            if (random % 4 == 0 && leases.length != 0) _freeOne(random >> 8);
            else _takeOne(random >> 8);
        }
        uint256 count;
        for (uint256 task; task < TASKS; ++task) {
            vm.assertTrue(_isCommitted(task) == isTaken[task], vm.toString(task));
            if (isTaken[task]) ++count;
        }
        vm.assertEq(word.committedTasks(), count);
        vm.assertEq(word.escrowWei(), 5 ether);
        vm.assertEq(word.auditEscrowWei(), 3 ether);
        vm.assertEq(word.settledTasks(), 0);
    }

    /// @dev Half of the ranges begin near the frontier: below, at, across and above it.
    function _takeOne(uint256 random) internal {
        uint256 count = 1 + (random >> 64) % ((random >> 32) % 3 == 0 ? 400 : 12);
        uint256 first = random % TASKS;
        if ((random >> 128) % 2 == 0) {
            uint256 near = word.frontier() + random % 16;
            first = near < 8 ? 0 : near - 8;
        }
        if (first + count > TASKS) return;
        uint256 expected = _firstTaken(first, count);
        if (expected != Frontier.NONE) {
            vm.expectRevert(abi.encodeWithSelector(Clash.selector, expected));
            this.take(first, count);
            return;
        }
        this.take(first, count);
        leases.push([first, count]);
        for (uint256 task = first; task < first + count; ++task) {
            isTaken[task] = true;
        }
    }

    function _freeOne(uint256 random) internal {
        uint256 chosen = random % leases.length;
        (uint256 first, uint256 count) = (leases[chosen][0], leases[chosen][1]);
        leases[chosen] = leases[leases.length - 1];
        leases.pop();
        this.free(first, count);
        for (uint256 task = first; task < first + count; ++task) {
            isTaken[task] = false;
        }
    }

    function _firstTaken(uint256 first, uint256 count) internal view returns (uint256) {
        for (uint256 task = first; task < first + count; ++task) {
            if (isTaken[task]) return task;
        }
        return Frontier.NONE;
    }

    // ------------------------------------------------------------------------------ by hand

    function _expectClash(uint256 first, uint256 count, uint256 task) internal {
        vm.expectRevert(abi.encodeWithSelector(Clash.selector, task));
        this.take(first, count);
    }

    function test_InOrderNoWordIsWritten() external {
        this.take(0, 300);
        this.take(300, 1);
        this.take(301, 600);
        vm.assertEq(word.frontier(), 901);
        vm.assertEq(word.committedTasks(), 901);
        for (uint256 i; i < 5; ++i) {
            vm.assertEq(holes.words[i], 0);
        }
        _expectClash(900, 1, 900);
        _expectClash(0, 1, 0);
        this.take(901, 1);
    }

    function test_AGapIsTakenLater() external {
        this.take(10, 10);
        vm.assertEq(word.committedTasks(), 10);
        vm.assertFalse(_isCommitted(9));
        vm.assertTrue(_isCommitted(10));
        vm.assertFalse(_isCommitted(20));
        _expectClash(5, 10, 10);
        this.take(5, 5);
        _expectClash(0, 10, 5);
        this.take(0, 5);
        vm.assertEq(word.committedTasks(), 20);
        vm.assertEq(word.frontier(), 20);
        vm.assertEq(holes.words[0], 0);
    }

    function test_AFreedRangeIsTakenAgainAcrossTheFrontier() external {
        this.take(0, 10);
        this.take(10, 10);
        this.free(10, 10);
        vm.assertEq(word.frontier(), 20);
        _expectClash(9, 20, 9);
        this.take(15, 10);
        vm.assertEq(word.frontier(), 25);
        _expectClash(10, 6, 15);
        this.take(10, 5);
        vm.assertEq(word.committedTasks(), 25);
    }

    function test_ARefusedLeaseLeavesNothing() external {
        this.take(0, 600);
        this.free(0, 300);
        _expectClash(0, 301, 300);
        for (uint256 task; task < 600; ++task) {
            vm.assertTrue(_isCommitted(task) == (task >= 300));
        }
        this.take(0, 300);
    }
}
