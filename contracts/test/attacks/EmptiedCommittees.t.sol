// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    Batch,
    JobRef,
    LeaseLine,
    OwnerFields,
    Party,
    PartyFields,
    Signature
} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult, LeaseResultHash} from "../../src/types/LeaseResult.sol";
import {LeaseTermsFields} from "../../src/types/LeaseTerms.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice One owner of a worthless job, whose inputs nobody gets, disputes its tasks one lease at a
/// time: each bond comes back. If silent members lost their seats for it, none but its own would be
/// left to audit and judge for an unstaking delay.
contract EmptiedCommitteesTest is Fixture {
    uint256 internal constant OWNER_KEY = 0xE1;
    uint256 internal constant PUPPET_KEY = 0xE2;
    uint32 internal constant TASKS = 20;
    bytes32 internal constant ANYTHING = keccak256("anything");

    address internal owner = vm.addr(OWNER_KEY);
    address internal puppet = vm.addr(PUPPET_KEY);
    address internal judge = vm.addr(0xE3);
    uint256[] internal disputeIds;

    function _junkJob() internal view returns (Job memory job) {
        job.requester = job.operator = owner;
        job.token = address(token);
        job.specHash = keccak256("nobody gets the inputs");
        job.taskCount = TASKS;
        job.maxPricePerTask = 1;
        job.deadline = uint40(_now() + 1 days);
    }

    function _commitJunk() internal returns (Batch memory batch) {
        Job[] memory jobs = new Job[](1);
        jobs[0] = _junkJob();
        vm.startPrank(owner);
        bytes32 jobId = market.openJob(jobs[0], "");
        batch.operator = owner;
        batch.jobs = new JobRef[](1);
        batch.jobs[0] = JobRef(jobId, OwnerFields.pack(owner, TASKS));
        batch.providers = new Party[](1);
        batch.providers[0] = PartyFields.pack(puppet, 0);
        batch.lines = new LeaseLine[](TASKS);
        Signature[] memory signatures = new Signature[](TASKS);
        for (uint32 i; i < TASKS; ++i) {
            bytes32 leaseId = bytes32(uint256(i + 1));
            LeaseResult memory lease = LeaseResult(leaseId, jobId, puppet, i, 1, 1, ANYTHING);
            batch.lines[i] = LeaseLine(leaseId, ANYTHING, LeaseTermsFields.pack(0, 0, i, 1, 1));
            signatures[i] = _signCompact(PUPPET_KEY, LeaseResultHash.hash(lease));
        }
        address[] memory wallets = new address[](1);
        wallets[0] = puppet;
        market.commitBatch(jobs, wallets, batch.lines, signatures);
        vm.stopPrank();
    }

    function _sits(uint256 disputeId) internal view returns (bool) {
        address[] memory drawn = arbiter.committee(disputeId).members;
        for (uint256 i; i < drawn.length; ++i) {
            if (drawn[i] == judge) return true;
        }
        return false;
    }

    function _disputeAll(Batch memory batch) internal {
        for (uint32 i; i < TASKS; ++i) {
            vm.prank(owner);
            disputeIds.push(market.openDispute(batch, uint8(i), i));
        }
        _wait(11);
        for (uint256 i; i < TASKS; ++i) {
            arbiter.drawCommittee(disputeIds[i]);
        }
        _forward(3);
        for (uint256 i; i < TASKS; ++i) {
            arbiter.drawCommittee(disputeIds[i]);
        }
    }

    function _judgeAll() internal returns (uint256 votes) {
        for (uint256 i; i < TASKS; ++i) {
            if (!_sits(disputeIds[i])) continue;
            _vote(disputeIds[i], judge, ANYTHING);
            ++votes;
        }
        vm.warp(_now() + 21);
        for (uint256 i; i < TASKS; ++i) {
            if (_sits(disputeIds[i])) _reveal(disputeIds[i], judge, ANYTHING);
        }
        vm.warp(_now() + 41);
        for (uint256 i; i < TASKS; ++i) {
            arbiter.resolve(disputeIds[i]);
        }
    }

    /// @dev Every honest verifier holds its seat still, and can be drawn.
    function _requireHeld() internal view {
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.assertEq(market.seat(i).holder, _verifier(i));
            vm.assertEq(market.seat(i).vacatedBlock, 0);
        }
    }

    function test_NobodyLosesASeatToTasksThatNobodyCanRun() external {
        _fund(owner);
        _disputeAll(_commitJunk());
        vm.assertEq(_judgeAll(), 0);
        _requireHeld();
    }

    function test_NorToWhoVotesAlone() external {
        _fund(owner);
        _fund(judge);
        vm.prank(judge);
        market.takeSeats(1);
        _forward(1);
        _disputeAll(_commitJunk());
        vm.assertTrue(_judgeAll() > 0);
        _requireHeld();
    }
}
