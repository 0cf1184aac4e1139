// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Sampling} from "../../src/libraries/Sampling.sol";
import {vm} from "../Vm.sol";

contract SamplingTest {
    bytes32 internal constant LEASE = keccak256("lease");

    function testFuzz_AHigherRateDrawsTheSameTasksAndMore(
        bytes32 seed,
        bytes32 leaseId,
        uint32 task,
        uint32 rate,
        uint32 more
    ) external pure {
        uint256 low = uint256(rate) % 2_000_000;
        uint256 high = low + uint256(more) % 2_000_000;
        vm.assertTrue(
            Sampling.auditRounds(seed, leaseId, task, high)
                >= Sampling.auditRounds(seed, leaseId, task, low)
        );
    }

    function testFuzz_TheEndsOfTheRate(bytes32 seed, bytes32 leaseId, uint32 task) external pure {
        vm.assertEq(Sampling.auditRounds(seed, leaseId, task, 0), 0);
        vm.assertTrue(Sampling.auditRounds(seed, leaseId, task, 1_000_000) >= 1);
        vm.assertEq(Sampling.auditRounds(seed, leaseId, task, 2_000_000), 2);
    }

    /// @dev How many of 2000 tasks are audited, and how many twice.
    function _drawn(bytes32 seed, uint256 rate)
        internal
        pure
        returns (uint256 once, uint256 again)
    {
        for (uint32 task; task < 2000; ++task) {
            uint256 rounds = Sampling.auditRounds(seed, LEASE, task, rate);
            vm.assertTrue(rounds <= 2);
            if (rounds > 0) ++once;
            if (rounds > 1) ++again;
        }
    }

    /// @dev 600 expected, standard deviation 20.5; of these a tenth, 60, standard deviation 7.6.
    /// forge-config: default.fuzz.runs = 12
    /// forge-config: deep.fuzz.runs = 400
    function testFuzz_BelowAHundredPercentTheShareIsTheRate(bytes32 seed) external pure {
        (uint256 once, uint256 again) = _drawn(seed, 300_000);
        vm.assertTrue(once > 480 && once < 720);
        vm.assertTrue(again > 15 && again < 105);
    }

    /// @dev 1600 expected, standard deviation 17.9: 1.8 audits a task.
    /// forge-config: default.fuzz.runs = 12
    /// forge-config: deep.fuzz.runs = 400
    function testFuzz_AboveAHundredPercentTheRestIsAuditedAgain(bytes32 seed) external pure {
        (uint256 once, uint256 again) = _drawn(seed, 1_800_000);
        vm.assertEq(once, 2000);
        vm.assertTrue(again > 1490 && again < 1710);
    }

    /// @dev 200 expected, standard deviation 13.4, though the rate alone would give 20.
    /// forge-config: default.fuzz.runs = 12
    /// forge-config: deep.fuzz.runs = 400
    function testFuzz_ATenthIsAuditedAgainAtLeast(bytes32 seed) external pure {
        (uint256 once, uint256 again) = _drawn(seed, 1_010_000);
        vm.assertEq(once, 2000);
        vm.assertTrue(again > 120 && again < 280);
    }

    function testFuzz_SeatsAreInRange(
        bytes32 seed,
        bytes32 leaseId,
        uint32 task,
        uint8 attempt,
        uint32 count
    ) external pure {
        vm.assume(count != 0);
        vm.assertTrue(Sampling.seatFor(seed, leaseId, task, attempt, count) < count);
        vm.assertTrue(Sampling.committeeSeat(seed, task, attempt, count) < count);
    }

    /// @dev 400 draws each of 5 seats: 80 expected, standard deviation 8.
    /// forge-config: default.fuzz.runs = 12
    /// forge-config: deep.fuzz.runs = 400
    function testFuzz_EverySeatIsDrawnAsOften(bytes32 seed) external pure {
        uint256[5] memory audits;
        uint256[5] memory committees;
        for (uint32 i; i < 400; ++i) {
            ++audits[Sampling.seatFor(seed, LEASE, i / 128, i % 128, 5)];
            ++committees[Sampling.committeeSeat(seed, i / 64, i % 64, 5)];
        }
        for (uint256 i; i < 5; ++i) {
            vm.assertTrue(audits[i] > 32 && audits[i] < 128);
            vm.assertTrue(committees[i] > 32 && committees[i] < 128);
        }
    }

    function testFuzz_ASeatCountsFromTheBlockAfterTheOneItWasTakenIn(
        uint48 taken,
        uint48 vacated,
        uint48 block_
    ) external pure {
        bool isHeld = Sampling.isHeldAt(taken, vacated, block_);
        vm.assertTrue(isHeld == (block_ > taken && (vacated == 0 || block_ < vacated)));
    }
}
