// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Permits} from "../../src/libraries/Permits.sol";
import {Batch} from "../../src/types/Batch.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract PauseIntakeTest is Fixture {
    function _pause(uint40 pauseSeconds) internal {
        vm.prank(guardian);
        market.pauseIntake(pauseSeconds);
    }

    function _expectPaused() internal {
        (uint40 until,) = market.intakePause();
        _expect(abi.encodeWithSelector(IMarketErrors.IntakePaused.selector, until));
    }

    function _expectTooSoon(uint256 nextPauseAt) internal {
        _expect(abi.encodeWithSelector(IMarketErrors.PausedTooSoon.selector, nextPauseAt));
        _pause(1);
    }

    function _ids(uint32 seatId) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    // ------------------------------------------------------------------------------ who, how long

    function test_OnlyTheGuardian() external {
        address[4] memory others = [stranger, operator, address(arbiter), address(this)];
        for (uint256 i; i < others.length; ++i) {
            _expect(
                abi.encodeWithSelector(IMarketErrors.NotTheGuardian.selector, guardian, others[i])
            );
            vm.prank(others[i]);
            market.pauseIntake(1);
        }
    }

    function test_GivenNoGuardian_Nobody() external {
        guardian = address(0);
        _deploy();
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheGuardian.selector, address(0), stranger));
        vm.prank(stranger);
        market.pauseIntake(1);
    }

    function test_AtMostAWeek() external {
        _expect(abi.encodeWithSelector(IMarketErrors.PauseTooLong.selector, 7 days + 1, 7 days));
        _pause(7 days + 1);
        uint40 until = uint40(_now() + 7 days);
        vm.expectEmit(address(market));
        emit IMarketEvents.IntakePausedUntil(until);
        _pause(7 days);
        (uint40 pausedUntil, uint40 nextPauseAt) = market.intakePause();
        vm.assertEq(pausedUntil, until);
        vm.assertEq(nextPauseAt, until + 7 days);
    }

    /// @dev A guardian can keep intake closed for half of the time at most.
    function test_AndNotAgainForAsLong() external {
        _pause(3 days);
        uint256 nextPauseAt = _now() + 6 days;
        _expectTooSoon(nextPauseAt);
        vm.warp(nextPauseAt - 3 days);
        _expectTooSoon(nextPauseAt);
        vm.warp(nextPauseAt - 1);
        _expectTooSoon(nextPauseAt);
        vm.prank(requester);
        market.deposit(1 ether);
        vm.warp(nextPauseAt);
        _pause(7 days);
        (uint40 pausedUntil,) = market.intakePause();
        vm.assertEq(pausedUntil, nextPauseAt + 7 days);
    }

    // ------------------------------------------------------------------------------ intake

    function test_KeepsDepositsOut() external {
        _pause(1 days);
        _expectPaused();
        vm.prank(requester);
        market.deposit(1 ether);
        vm.warp(_now() + 1 days - 1);
        _expectPaused();
        vm.prank(requester);
        market.deposit(1 ether);
        vm.warp(_now() + 1);
        vm.prank(requester);
        market.deposit(1 ether);
        vm.assertEq(_balance(requester), FUNDS + 1 ether);
    }

    /// @dev The permit is not used up: it serves once the pause is over.
    function test_KeepsDepositsWithPermitOut() external {
        uint256 deadline = _now() + 2 days;
        bytes32 structHash = keccak256(
            abi.encode(Permits.TYPEHASH, requester, address(market), 1 ether, 0, deadline)
        );
        bytes32 digest =
            keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(REQUESTER_KEY, digest);
        _pause(1 days);
        _expectPaused();
        market.depositWithPermit(requester, 1 ether, deadline, v, r, s);
        vm.warp(_now() + 1 days);
        market.depositWithPermit(requester, 1 ether, deadline, v, r, s);
        vm.assertEq(_balance(requester), FUNDS + 1 ether);
    }

    function test_KeepsSeatsOut() external {
        _pause(1 days);
        _expectPaused();
        vm.prank(challenger);
        market.takeSeats(1);
        vm.warp(_now() + 1 days);
        vm.prank(challenger);
        market.takeSeats(1);
        vm.assertEq(market.seatCount(), VERIFIERS + 1);
    }

    // ------------------------------------------------------------------------------ exits

    /// @dev A job brings no new money: its credits are in Market already.
    function test_JobsAreOpenedWithWhatIsInside() external {
        _pause(7 days);
        _openDefault();
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether);
    }

    function test_WorkGoesOnAndIsPaid() external {
        bytes32 jobId = _openDefault();
        _pause(7 days);
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 20));
        _passSeed(batchId);
        market.fixSeed(batchId);
        _accept(batch, _claim(batchId, batch, 0, 0)); // without stake, every task is audited
        _passWindow(batchId);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(provider), 20 ether);
        vm.assertEq(_balance(requester), FUNDS - 21.3 ether);
    }

    function test_JobsAreCancelledAndClosed() external {
        _openDefault();
        _pause(7 days);
        vm.prank(requester);
        market.cancelJob(_job(), "");
        vm.warp(_now() + 61);
        market.closeJob(_job());
        vm.prank(requester);
        market.withdraw(uint96(FUNDS - 0.1 ether), stranger);
        vm.assertEq(token.balanceOf(stranger), FUNDS - 0.1 ether);
    }

    function test_StakeLeaves() external {
        vm.prank(provider);
        market.stake(60 ether);
        _pause(7 days);
        vm.startPrank(provider);
        market.stake(40 ether); // nothing new: it was in Market
        market.requestUnstake(100 ether);
        vm.warp(_now() + 1000);
        market.unstake(provider);
        market.withdraw(uint96(FUNDS), stranger);
        vm.stopPrank();
        vm.assertEq(token.balanceOf(stranger), FUNDS);
    }

    function test_SeatsLeave() external {
        _pause(7 days);
        vm.startPrank(_verifier(0));
        market.leaveSeats(_ids(0));
        vm.warp(_now() + 1000);
        market.releaseSeats(_ids(0));
        market.withdraw(uint96(FUNDS), stranger);
        vm.stopPrank();
        vm.assertEq(token.balanceOf(stranger), FUNDS);
    }

    function test_DisputesAreOpenedAndResolved() external {
        LeaseResult memory wrong = _leaseWithFault(_openDefault(), 0, 4, 1);
        (, Batch memory batch) = _commitOne(wrong);
        _pause(7 days);
        uint256 disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(_balance(challenger), FUNDS);
    }

    function test_DisputesAreConceded() external {
        (, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        _pause(7 days);
        uint256 disputeId = _dispute(batch, 0, 1);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    function test_KeysAreManaged() external {
        _pause(7 days);
        _delegate(PROVIDER_KEY, vm.addr(0xD1), uint40(START + 1 days), 2);
        vm.startPrank(provider);
        market.revokeDevice(device);
        market.burnNonce(3);
        market.cancelAll();
        vm.stopPrank();
        vm.assertEq(market.account(provider).epoch, 1);
    }
}
