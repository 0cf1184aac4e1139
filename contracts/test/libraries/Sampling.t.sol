// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Sampling} from "../../src/libraries/Sampling.sol";
import {vm} from "../Vm.sol";

contract SamplingTest {
    function testFuzz_AHigherRateDrawsTheSameTasksAndMore(
        bytes32 seed,
        bytes32 leaseId,
        uint32 task,
        uint32 rate
    ) external pure {
        rate %= 1_000_000;
        if (Sampling.isAudited(seed, leaseId, task, rate)) {
            vm.assertTrue(Sampling.isAudited(seed, leaseId, task, rate + 1));
        }
        vm.assertTrue(Sampling.isAudited(seed, leaseId, task, 1_000_000));
        vm.assertFalse(Sampling.isAudited(seed, leaseId, task, 0));
    }

    function testFuzz_SeatsAreInRange(bytes32 seed, bytes32 leaseId, uint32 task, uint32 count)
        external
        pure
    {
        vm.assume(count != 0);
        vm.assertTrue(Sampling.seatFor(seed, leaseId, task, 0, count) < count);
        vm.assertTrue(Sampling.committeeSeat(seed, task, 0, count) < count);
    }

    /// @dev 2000 draws at 30 %: 600 expected, standard deviation 20.5.
    function testFuzz_TheShareIsTheRate(bytes32 seed) external pure {
        uint256 drawn;
        for (uint32 task; task < 2000; ++task) {
            if (Sampling.isAudited(seed, keccak256("lease"), task, 300_000)) ++drawn;
        }
        vm.assertTrue(drawn > 480 && drawn < 720);
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
