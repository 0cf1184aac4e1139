// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
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
        vm.prank(challenger);
        market.takeSeats(3);
        vm.assertEq(market.seatCount(), 8);
        vm.assertEq(_balance(challenger), FUNDS - 300 ether);
        IMarket.Seat memory seat = market.seat(7);
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

    function test_LeavingVacatesAtThisBlock() external {
        _leave(_verifier(0), 0);
        vm.assertEq(market.seat(0).vacatedBlock, vm.getBlockNumber());
        vm.assertEq(market.seat(0).holder, _verifier(0));
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
