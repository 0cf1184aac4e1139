// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {Dispute, DisputeStatus, Verdict} from "../../src/types/Dispute.sol";
import {JobState} from "../../src/types/JobState.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Request} from "../../src/types/Request.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract ConcedeTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        vm.prank(provider);
        market.stake(200 ether);
    }

    function _contested(uint32 first) internal returns (bytes32 batchId, uint256 disputeId) {
        Batch memory batch;
        (batchId, batch) = _commitOne(_lease(jobId, first, 4));
        disputeId = _dispute(batch, 0, first);
    }

    function _concede(address sender, uint256 disputeId) internal {
        vm.prank(sender);
        market.concede(disputeId);
    }

    function test_TheFirstTimeCostsThePayAndAPartOfTheStake() external {
        (bytes32 batchId, uint256 disputeId) = _contested(0);
        bytes32 leaseId = market.dispute(disputeId).leaseId;
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeConceded(disputeId);
        vm.expectEmit(address(market));
        emit IMarketEvents.Slashed(
            disputeId, provider, leaseId, 50 ether, 1 ether, 5 ether, 0, 44 ether
        );
        vm.expectEmit(address(market));
        emit IMarketEvents.LeaseReleased(batchId, leaseId, jobId);
        _concede(device, disputeId);
        vm.assertEq(_stakeOf(provider), 150 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS + 5 ether);
        vm.assertEq(market.burntWei(), 44 ether);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(market.account(provider).openDisputes, 0);
        vm.assertEq(market.account(provider).forfeitBlock, 0);
    }

    function test_ReleasesTheLease() external {
        (bytes32 batchId, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.committedTasks, 0);
        vm.assertEq(state.settledTasks, 0);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(state.flags, 9); // opened, released
        vm.assertFalse(market.isTaskCommitted(jobId, 0));
        vm.assertFalse(market.isTaskCommitted(jobId, 3));
        vm.assertEq(market.batch(batchId).finishedBits, 1);
        vm.assertEq(market.batch(batchId).disputedBits, 0);
        Dispute memory contested = market.dispute(disputeId);
        vm.assertTrue(contested.status == DisputeStatus.Conceded);
        vm.assertTrue(contested.verdict == Verdict.ProviderLost);
        vm.assertEq(contested.ruledDigest, 0);
    }

    function test_ItsTasksCanBeCommittedAgain_ButNotTheSameResult() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        (, Batch memory batch) = _commit(leases);
        _concede(provider, _dispute(batch, 0, 0));
        Batch memory again = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(
            abi.encodeWithSelector(IMarketErrors.ResultIsVoid.selector, jobId, leases[0].leaseId)
        );
        _commitSigned(again, signatures);
        _forward(1);
        _commitOne(_lease(jobId, 0, 4));
    }

    /// @dev Contrary to losing: the first time may be an accident.
    function test_TheFirstTimeForfeitsNothingElse() external {
        (bytes32 honestId, Batch memory honest) = _commitOne(_lease(jobId, 10, 4));
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        _passWindow(honestId);
        market.settleBatch(honest);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
    }

    function test_TheSecondTimeIsSlashed() external {
        (bytes32 honestId, Batch memory honest) = _commitOne(_lease(jobId, 10, 4));
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        (, disputeId) = _contested(4);
        uint256 before = _balance(requester);
        bytes32 leaseId = market.dispute(disputeId).leaseId;
        vm.expectEmit(address(market));
        emit IMarketEvents.Slashed(
            disputeId, provider, leaseId, 60 ether, 1 ether, 9 ether, 0, 50 ether
        );
        _concede(provider, disputeId);
        vm.assertEq(_stakeOf(provider), 90 ether);
        vm.assertEq(_balance(requester), before + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS + 5 ether + 9 ether);
        vm.assertEq(market.burntWei(), 94 ether); // nobody judged: the committee's part burns too
        vm.assertEq(market.account(provider).strikes, 2);
        vm.assertEq(market.account(provider).forfeitBlock, vm.getBlockNumber());
        _passWindow(honestId);
        market.settleBatch(honest);
        vm.assertEq(_stateOf(jobId).settledTasks, 0);
    }

    function test_TakesWhatIsBeingUnstakedToo() external {
        vm.prank(provider);
        market.requestUnstake(180 ether);
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(market.account(provider).unstakingWei, 150 ether);
    }

    function test_TakesNoMoreThanThereIs() external {
        vm.startPrank(provider);
        market.requestUnstake(190 ether);
        vm.warp(_now() + 1000);
        market.unstake(provider);
        vm.stopPrank();
        (, uint256 disputeId) = _contested(0);
        uint256 before = _balance(requester);
        _concede(provider, disputeId);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(_balance(requester), before + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS + 1 ether);
        vm.assertEq(market.burntWei(), 8 ether);
        vm.assertEq(_balance(provider), FUNDS - 10 ether);
    }

    /// @dev To the wei, whatever the price: what does not divide is burnt.
    function testFuzz_NothingIsLostInDivision(uint96 amount) external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.amount = uint96(4 + uint256(amount) % (4 ether - 4));
        (, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 0);
        uint256 requesterBefore = _balance(requester);
        _concede(provider, disputeId);
        uint256 takenWei = 50 * uint256(lease.amount / 4);
        vm.assertEq(_stakeOf(provider), 200 ether - takenWei);
        uint256 given = _balance(requester) - requesterBefore + _balance(challenger) - FUNDS;
        vm.assertEq(_balance(requester) - requesterBefore, lease.amount / 4);
        vm.assertEq(given + market.burntWei(), takenWei);
        vm.assertEq(_balance(challenger) - FUNDS, takenWei / 10);
    }

    function test_OtherDisputesGoOn() external {
        (, uint256 first) = _contested(0);
        (bytes32 batchId, uint256 second) = _contested(4);
        _concede(provider, first);
        vm.assertEq(market.account(provider).openDisputes, 1);
        vm.assertFalse(market.isMoot(second));
        vm.assertEq(market.batch(batchId).disputedBits, 1);
    }

    function test_ARelayedRequestConcedes() external {
        (, uint256 disputeId) = _contested(0);
        bytes memory data = abi.encodeCall(IAnnex.concede, (disputeId));
        (Request memory request, bytes memory signature) = _request(PROVIDER_KEY, data, 0, 7);
        vm.prank(stranger);
        market.relay(request, 0, signature);
        vm.assertEq(_stakeOf(provider), 150 ether);
    }

    function test_RevertWhen_SomebodyElseConcedes() external {
        (, uint256 disputeId) = _contested(0);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheProvider.selector, provider, challenger));
        _concede(challenger, disputeId);
    }

    function test_RevertWhen_TheDeviceIsExpiredOrRevoked() external {
        (, uint256 disputeId) = _contested(0);
        vm.prank(provider);
        market.revokeDevice(device);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheProvider.selector, provider, device));
        _concede(device, disputeId);
        _delegate(PROVIDER_KEY, device, uint40(_now() + 2), 9);
        vm.warp(_now() + 3);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheProvider.selector, provider, device));
        _concede(device, disputeId);
    }

    function test_RevertWhen_TheWindowIsOver() external {
        (, uint256 disputeId) = _contested(0);
        (, uint256 inTime) = _contested(4);
        uint256 endsAt = _now() + 10;
        vm.warp(endsAt);
        _concede(provider, inTime);
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.ConcedePeriodOver.selector, disputeId, endsAt));
        _concede(provider, disputeId);
    }

    function _expectTooLate(uint256 disputeId, uint256 endsAt) internal {
        _expect(abi.encodeWithSelector(IMarketErrors.ConcedePeriodOver.selector, disputeId, endsAt));
        _concede(provider, disputeId);
    }

    /// @dev A later dispute about the same lease gives no more time: see attacks/LateConcession.tree.
    function test_RevertWhen_TheLeaseIsInDisputeForLonger() external {
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 endsAt = _now() + 10;
        uint256 first = _dispute(batch, 0, 0);
        vm.warp(endsAt - 3);
        uint256 second = _dispute(batch, 0, 1);
        vm.warp(endsAt + 1);
        _expectTooLate(first, endsAt);
        _expectTooLate(second, endsAt);
        _expectTooLate(_dispute(batch, 0, 2), endsAt);
    }

    function test_ALaterDisputeIsConcededWithinTheFirstsTime() external {
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 endsAt = _now() + 10;
        _dispute(batch, 0, 0);
        vm.warp(endsAt - 3);
        uint256 second = _dispute(batch, 0, 1);
        vm.warp(endsAt);
        _concede(provider, second);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    /// @dev Disputes about other leases, of the same batch even, take none of the time.
    function test_EveryLeaseHasATimeOfItsOwn() external {
        (, Batch memory batch) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 4)));
        uint256 first = _dispute(batch, 0, 0);
        uint256 firstEndsAt = _now() + 10;
        vm.warp(firstEndsAt - 3);
        uint256 second = _dispute(batch, 1, 4);
        vm.warp(firstEndsAt + 7);
        _expectTooLate(first, firstEndsAt);
        _concede(provider, second);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    /// @dev Nobody votes in the first: once it has ended, nothing of the lease is in dispute.
    function test_AfterAnEndTheTimeBeginsAnew() external {
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 first = _dispute(batch, 0, 0);
        _drawCommittee(first);
        vm.warp(uint256(arbiter.committee(first).commitBy) + 1);
        arbiter.resolve(first);
        uint256 endsAt = _now() + 10;
        uint256 second = _dispute(batch, 0, 1);
        vm.warp(endsAt + 1);
        _expectTooLate(second, endsAt);
        vm.warp(endsAt);
        _concede(provider, second);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    function test_RevertWhen_ConcededBefore() external {
        (, uint256 disputeId) = _contested(0);
        _concede(provider, disputeId);
        _expect(abi.encodeWithSelector(IMarketErrors.DisputeNotOpen.selector, disputeId));
        _concede(provider, disputeId);
    }

    function test_RevertWhen_AnotherDisputeFinishedTheLease() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 first = _dispute(batch, 0, 0);
        uint256 second = _dispute(batch, 0, 1);
        _concede(provider, first);
        _expect(abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, 0));
        _concede(provider, second);
        vm.assertTrue(market.isMoot(second));
        arbiter.resolve(second);
        vm.assertFalse(market.isMoot(second));
        vm.assertEq(_balance(challenger), FUNDS + 5 ether);
        vm.assertEq(market.batch(batchId).disputedBits, 0);
        vm.assertEq(market.account(provider).openDisputes, 0);
    }

    function test_RevertWhen_AVoidResultComesAmongOthers() external {
        LeaseResult memory lost = _lease(jobId, 8, 4);
        (, Batch memory batch) = _commitOne(lost);
        _concede(provider, _dispute(batch, 0, 8));
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), lost);
        Batch memory again = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(abi.encodeWithSelector(IMarketErrors.ResultIsVoid.selector, jobId, lost.leaseId));
        _commitSigned(again, signatures);
    }
}
