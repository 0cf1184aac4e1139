// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Job} from "../../src/types/Job.sol";
import {CommittedLease, LeaseResult, LeaseResultHash} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

contract CommitBatchTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _expectRefused(LeaseResult memory lease, bytes memory error_) internal {
        _expectRefusedFrom(operator, DEVICE_KEY, lease, error_);
    }

    function _expectRefusedFrom(
        address sender,
        uint256 key,
        LeaseResult memory lease,
        bytes memory error_
    ) internal {
        LeaseResult[] memory leases = _one(lease);
        bytes[] memory signatures = _signLeases(key, leases);
        _expect(error_);
        vm.prank(sender);
        market.commitBatch(leases, signatures);
    }

    function test_StoresTheRootAndTheDraw() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(jobId, 4, 6));
        CommittedLease[] memory committed = _expected(leases);
        bytes[] memory signatures = _signLeases(DEVICE_KEY, leases);
        bytes32 root = Trees.root(_leaves(committed));
        vm.expectEmit(address(market));
        emit IMarketEvents.BatchCommitted(1, operator, root, committed);
        vm.prank(operator);
        uint256 batchId = market.commitBatch(leases, signatures);
        IMarket.Batch memory state = market.batch(batchId);
        vm.assertEq(state.root, root);
        vm.assertEq(state.leaseCount, 2);
        vm.assertEq(state.commitBlock, vm.getBlockNumber());
        vm.assertEq(state.seedBlock, vm.getBlockNumber() + 2);
        vm.assertEq(state.seatCount, VERIFIERS);
        vm.assertEq(state.seed, 0);
        vm.assertEq(state.windowEndsAt, 0);
    }

    function test_MarksTasksAndUnvestedPay() external {
        _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 6, 6)));
        IMarket.JobState memory state = market.job(jobId);
        vm.assertEq(state.committedTasks, 10);
        vm.assertEq(state.openLeases, 2);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(market.account(provider).unvestedWei, 10 ether);
        for (uint32 task; task < 20; ++task) {
            bool isInside = task < 4 || (task >= 6 && task < 12);
            vm.assertTrue(market.isTaskCommitted(jobId, task) == isInside);
        }
    }

    function test_TheRateFollowsThePriceAndTheStake() external {
        vm.prank(provider);
        market.stake(40 ether);
        (, CommittedLease[] memory leases) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 6)));
        vm.assertEq(leases[0].auditRatePpm, 43_903); // 1.8 / 41
        vm.assertEq(leases[1].auditRatePpm, 43_903); // unvested pay is no security
    }

    function test_StakeBeingUnstakedDoesNotCount() external {
        vm.startPrank(provider);
        market.stake(40 ether);
        market.requestUnstake(40 ether);
        vm.stopPrank();
        (, CommittedLease[] memory leases) = _commitOne(_lease(jobId, 0, 4));
        vm.assertEq(leases[0].auditRatePpm, 1_000_000);
    }

    function test_TheWalletItselfMaySign() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        bytes[] memory signatures = _signLeases(PROVIDER_KEY, leases);
        vm.prank(operator);
        market.commitBatch(leases, signatures);
    }

    function test_RevertWhen_TheSenderIsNotTheOperator() external {
        _expectRefusedFrom(
            stranger,
            DEVICE_KEY,
            _lease(jobId, 0, 4),
            abi.encodeWithSelector(IMarketErrors.WrongOperator.selector, jobId, operator, stranger)
        );
    }

    function test_RevertWhen_TheResultIsForged() external {
        _expectRefusedFrom(operator, OPERATOR_KEY, _lease(jobId, 0, 4), _badSignature(provider));
    }

    function test_RevertWhen_TheResultIsAnotherProviders() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.provider = challenger;
        _expectRefused(lease, _badSignature(challenger));
    }

    function test_RevertWhen_TheDeviceWasRevoked() external {
        vm.prank(provider);
        market.revokeDevice(device);
        _expectRefused(_lease(jobId, 0, 4), _badSignature(provider));
    }

    function test_RevertWhen_TheDelegationHasExpired() external {
        Job memory job = _job();
        job.deadline = uint40(START + 3 days);
        job.nonce = 2;
        bytes32 longId = _open(job);
        vm.warp(START + 1 days);
        _commitOne(_lease(longId, 0, 1));
        vm.warp(START + 1 days + 1);
        _expectRefused(_lease(longId, 1, 1), _badSignature(provider));
    }

    function test_RevertWhen_SignedForAnotherChainOrContract() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        bytes[] memory signatures = _signLeases(DEVICE_KEY, leases);
        vm.chainId(1);
        _expect(_badSignature(provider));
        vm.prank(operator);
        market.commitBatch(leases, signatures);
        vm.chainId(31_337);
        bytes32 structHash = LeaseResultHash.hash(leases[0]);
        signatures[0] = _signDigest(DEVICE_KEY, structHash);
        _expect(_badSignature(provider));
        vm.prank(operator);
        market.commitBatch(leases, signatures);
    }

    function test_RevertWhen_ATaskIsCommittedTwice() external {
        _commitOne(_lease(jobId, 0, 4));
        _expectRefused(
            _lease(jobId, 3, 2),
            abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 3)
        );
    }

    function test_RevertWhen_TwoLeasesOfABatchShareATask() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(jobId, 3, 2));
        bytes[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 3));
        vm.prank(operator);
        market.commitBatch(leases, signatures);
    }

    function test_RevertWhen_ALeaseIsReplayed() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        _commitOne(lease);
        _expectRefused(
            lease,
            abi.encodeWithSelector(
                IMarketErrors.LeaseAlreadyCommitted.selector, jobId, lease.leaseId
            )
        );
    }

    function test_RevertWhen_TheRangeIsEmptyOrOutside() external {
        LeaseResult memory lease = _lease(jobId, 18, 3);
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.TaskRangeInvalid.selector, 18, 3, 20)
        );
        lease.count = 0;
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.TaskRangeInvalid.selector, 18, 0, 20)
        );
        lease.firstTask = type(uint32).max;
        lease.count = type(uint32).max;
        _expectRefused(
            lease,
            abi.encodeWithSelector(
                IMarketErrors.TaskRangeInvalid.selector, lease.firstTask, lease.count, 20
            )
        );
    }

    function test_RevertWhen_TheAmountIsOverclaimed() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.amount = 4 ether + 1;
        _expectRefused(
            lease,
            abi.encodeWithSelector(IMarketErrors.AmountOutOfRange.selector, 4 ether + 1, 4, 4 ether)
        );
    }

    function test_RevertWhen_TheAmountIsNothing() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.amount = 3;
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.AmountOutOfRange.selector, 3, 4, 4 ether)
        );
    }

    function test_RevertWhen_TheJobHasNotStarted() external {
        Job memory job = _job();
        job.notBefore = uint40(START + 100);
        job.nonce = 2;
        bytes32 laterId = _open(job);
        _expectRefused(
            _lease(laterId, 0, 1),
            abi.encodeWithSelector(IMarketErrors.JobNotStarted.selector, laterId, START + 100)
        );
    }

    function test_RevertWhen_TheDeadlineAndItsGraceHavePassed() external {
        uint256 end = START + 1 hours + 60;
        vm.warp(end);
        _commitOne(_lease(jobId, 0, 1));
        vm.warp(end + 1);
        _expectRefused(
            _lease(jobId, 1, 1),
            abi.encodeWithSelector(IMarketErrors.CommitPeriodOver.selector, jobId, end)
        );
    }

    function test_RevertWhen_ACancellationAndItsGraceHavePassed() external {
        vm.prank(requester);
        market.cancelJob(jobId, "");
        uint256 end = _now() + 60;
        vm.warp(end + 1);
        _expectRefused(
            _lease(jobId, 0, 1),
            abi.encodeWithSelector(IMarketErrors.CommitPeriodOver.selector, jobId, end)
        );
    }

    function test_RevertWhen_TheJobIsUnknownOrClosed() external {
        _expectRefused(
            _lease(bytes32(0), 0, 1),
            abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, bytes32(0))
        );
        vm.warp(START + 2 hours);
        market.closeJob(jobId);
        _expectRefused(
            _lease(jobId, 0, 1),
            abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId)
        );
    }

    function test_RevertWhen_TheBatchIsEmptyOrTooLongOrUneven() external {
        vm.startPrank(operator);
        _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, 0, 64));
        market.commitBatch(new LeaseResult[](0), new bytes[](0));
        _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, 65, 64));
        market.commitBatch(new LeaseResult[](65), new bytes[](65));
        _expect(abi.encodeWithSelector(IMarketErrors.LengthMismatch.selector, 2, 1));
        market.commitBatch(new LeaseResult[](2), new bytes[](1));
        vm.stopPrank();
    }
}
