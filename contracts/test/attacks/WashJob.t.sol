// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job} from "../../src/types/Job.sol";
import {CommittedLease, LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A newcomer pays itself a fortune, unvested, in a job of its own. It risks nothing by it: a
/// forfeited pay goes back to the job, that is to itself. So it must not buy fewer audits.
contract WashJobTest is Fixture {
    function test_PayOutOfOnesOwnJobBuysNoTrust() external {
        Job memory wash = _job();
        wash.taskCount = 1;
        wash.maxPricePerTask = 1000 ether;
        wash.nonce = 2;
        LeaseResult memory fortune = _lease(_open(wash), 0, 1);
        fortune.amount = 1000 ether;
        (, CommittedLease[] memory leases) = _commit(_two(fortune, _lease(_openDefault(), 0, 4)));
        vm.assertEq(market.account(provider).unvestedWei, 1004 ether);
        vm.assertEq(leases[0].auditRatePpm, 1_000_000);
        vm.assertEq(leases[1].auditRatePpm, 1_000_000);
    }
}
