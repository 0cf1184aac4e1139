// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Request} from "../../src/types/Request.sol";
import {Seat} from "../../src/types/Seat.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract SeatsTest is Fixture {
    function _ids(uint32 seatId) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    function _leave(address holder, uint32 seatId) internal {
        vm.prank(holder);
        market.leaveSeats(_ids(seatId));
    }

    function _release(address holder, uint32 seatId) internal {
        vm.prank(holder);
        market.releaseSeats(_ids(seatId));
    }

    function test_TakingLocksStakeForEachSeat() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatTaken(5, challenger);
        vm.prank(challenger);
        market.takeSeats(3);
        vm.assertEq(market.seatCount(), 8);
        vm.assertEq(_balance(challenger), FUNDS - 300 ether);
        Seat memory seat = market.seat(7);
        vm.assertEq(seat.holder, challenger);
        vm.assertEq(seat.takenBlock, vm.getBlockNumber());
        vm.assertEq(seat.vacatedBlock, 0);
    }

    function test_RevertWhen_TakingNoneOrTooMany() external {
        vm.startPrank(challenger);
        _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, 0, 64));
        market.takeSeats(0);
        _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, 65, 64));
        market.takeSeats(65);
        vm.stopPrank();
    }

    function test_RevertWhen_TakingWithoutFunds() external {
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, stranger, 100 ether, 0
            )
        );
        vm.prank(stranger);
        market.takeSeats(1);
    }

    function test_TheSignerOfARelayedRequestHoldsTheSeats() external {
        (Request memory request, bytes memory signature) =
            _request(CHALLENGER_KEY, abi.encodeCall(IAnnex.takeSeats, (2)), 1 ether, 7);
        vm.prank(stranger);
        market.relay(request, 0.5 ether, signature);
        vm.assertEq(market.seat(5).holder, challenger);
        vm.assertEq(market.seat(6).holder, challenger);
        vm.assertEq(_balance(challenger), FUNDS - 200.5 ether);
        vm.assertEq(_balance(stranger), 0.5 ether);
    }

    /// @dev New money is kept out; who is inside can still leave.
    function test_RevertWhen_TakingWhilePaused_ButLeavingGoesOn() external {
        uint256 until = _now() + 1 days;
        vm.prank(guardian);
        market.pauseIntake(1 days);
        _expect(abi.encodeWithSelector(IMarketErrors.IntakePaused.selector, until));
        vm.prank(challenger);
        market.takeSeats(1);
        _leave(_verifier(0), 0);
        vm.warp(_now() + 1000);
        _release(_verifier(0), 0);
        vm.assertEq(_balance(_verifier(0)), FUNDS);
        vm.warp(until);
        vm.prank(challenger);
        market.takeSeats(1);
    }

    function test_LeavingVacatesAtThisBlock() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatVacated(0, _verifier(0));
        _leave(_verifier(0), 0);
        vm.assertEq(market.seat(0).vacatedBlock, vm.getBlockNumber());
        vm.assertEq(market.seat(0).holder, _verifier(0));
        (uint96 stakeWei, uint40 releasableAt, uint32 duties) = market.seatStake(0);
        vm.assertEq(stakeWei, 100 ether);
        vm.assertEq(releasableAt, _now() + 1000);
        vm.assertEq(duties, 0);
    }

    function test_RevertWhen_LeavingOrReleasingNoneOrTooMany() external {
        for (uint256 i; i < 2; ++i) {
            uint32[] memory ids = new uint32[](i * 65);
            bytes memory error_ =
                abi.encodeWithSelector(IMarketErrors.TooMany.selector, ids.length, 64);
            _expect(error_);
            market.leaveSeats(ids);
            _expect(error_);
            market.releaseSeats(ids);
        }
    }

    function test_RevertWhen_LeavingAnothersSeat() external {
        _expect(
            abi.encodeWithSelector(IMarketErrors.NotSeatHolder.selector, uint32(0), _verifier(0))
        );
        _leave(stranger, 0);
    }

    function test_RevertWhen_LeavingTwice() external {
        _leave(_verifier(0), 0);
        _expect(abi.encodeWithSelector(IMarketErrors.SeatAlreadyVacated.selector, uint32(0)));
        _leave(_verifier(0), 0);
    }

    function test_RevertWhen_ThereIsNoSuchSeat() external {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownSeat.selector, uint32(5)));
        _leave(stranger, 5);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownSeat.selector, uint32(5)));
        market.seat(5);
    }

    function test_ReleasesOnceAfterTheDelay() external {
        _leave(_verifier(0), 0);
        vm.warp(_now() + 1000);
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatReleased(0, _verifier(0), 100 ether);
        _release(_verifier(0), 0);
        vm.assertEq(_balance(_verifier(0)), FUNDS);
        _expect(abi.encodeWithSelector(IMarketErrors.SeatEmpty.selector, uint32(0)));
        _release(_verifier(0), 0);
    }

    function test_RevertWhen_ReleasingEarlyOrHeld() external {
        _expect(abi.encodeWithSelector(IMarketErrors.SeatNotVacated.selector, uint32(0)));
        _release(_verifier(0), 0);
        _leave(_verifier(0), 0);
        _expect(abi.encodeWithSelector(IMarketErrors.SeatLocked.selector, uint32(0), _now() + 1000));
        _release(_verifier(0), 0);
    }

    function test_RevertWhen_ReleasingAnothersSeat() external {
        _leave(_verifier(0), 0);
        vm.warp(_now() + 1000);
        _expect(
            abi.encodeWithSelector(IMarketErrors.NotSeatHolder.selector, uint32(0), _verifier(0))
        );
        _release(stranger, 0);
    }

    function test_RevertWhen_SomebodyElseHoldsSeats() external {
        _expect(
            abi.encodeWithSelector(IMarketErrors.NotTheArbiter.selector, address(arbiter), stranger)
        );
        vm.prank(stranger);
        market.holdSeats(1, _ids(0));
    }

    function test_RevertWhen_TheSeatIsOnDuty() external {
        vm.prank(address(arbiter));
        market.holdSeats(1, _ids(0));
        _leave(_verifier(0), 0);
        vm.warp(_now() + 1000);
        _expect(abi.encodeWithSelector(IMarketErrors.SeatOnDuty.selector, uint32(0)));
        _release(_verifier(0), 0);
    }
}
