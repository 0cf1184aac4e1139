// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Seat} from "../../src/types/Seat.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Somebody takes and leaves seats again and again, to fill the list of seats with empty ones:
/// a draw gives up after 64 of them, and then nobody audits or judges. Its stake always comes back.
contract EmptySeatsTest is Fixture {
    function _ids(uint32 first, uint32 count) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](count);
        for (uint32 i; i < count; ++i) {
            ids[i] = first + i;
        }
    }

    function _cycle() internal {
        vm.startPrank(challenger);
        market.takeSeats(64);
        market.leaveSeats(_ids(5, 64));
        _wait(1000);
        market.releaseSeats(_ids(5, 64));
        vm.stopPrank();
    }

    function test_TakingAndLeavingForEverAddsNoSeats() external {
        for (uint256 i; i < 5; ++i) {
            _cycle();
        }
        vm.assertEq(market.seatCount(), VERIFIERS + 64);
        vm.assertEq(_balance(challenger), FUNDS);
    }

    function test_AReleasedSeatIsTakenAfresh() external {
        vm.prank(_verifier(2));
        market.leaveSeats(_ids(2, 1));
        _wait(1000);
        vm.prank(_verifier(2));
        market.releaseSeats(_ids(2, 1));
        vm.prank(challenger);
        market.takeSeats(2);
        vm.assertEq(market.seatCount(), 6);
        Seat memory seat = market.seat(2);
        vm.assertEq(seat.holder, challenger);
        vm.assertEq(seat.takenBlock, vm.getBlockNumber());
        vm.assertEq(seat.vacatedBlock, 0);
        (uint96 stakeWei, uint40 releasableAt, uint32 duties) = market.seatStake(2);
        vm.assertEq(stakeWei, 100 ether);
        vm.assertEq(releasableAt, 0);
        vm.assertEq(duties, 0);
        vm.assertEq(market.seat(5).holder, challenger);
        _expect(abi.encodeWithSelector(IMarketErrors.NotSeatHolder.selector, uint32(2), challenger));
        vm.prank(_verifier(2));
        market.leaveSeats(_ids(2, 1));
    }

    function test_ReleasedSeatsComeBackOneByOne() external {
        for (uint32 i; i < 3; ++i) {
            vm.prank(_verifier(i));
            market.leaveSeats(_ids(i, 1));
        }
        _wait(1000);
        for (uint32 i; i < 3; ++i) {
            vm.prank(_verifier(i));
            market.releaseSeats(_ids(i, 1));
        }
        vm.startPrank(challenger);
        for (uint32 i; i < 4; ++i) {
            market.takeSeats(1);
        }
        vm.stopPrank();
        vm.assertEq(market.seatCount(), 6);
        uint32[4] memory taken = [uint32(0), 1, 2, 5];
        for (uint256 i; i < 4; ++i) {
            vm.assertEq(market.seat(taken[i]).holder, challenger);
        }
    }

    /// @dev A seat that is vacated, but not released, still tells who was drawn.
    function test_ASeatOnItsWayOutStillCountsForWhatWasCommittedBefore() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, batch, 0, 1);
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.prank(_verifier(i));
            market.leaveSeats(_ids(i, 1));
        }
        vm.prank(challenger);
        market.takeSeats(10);
        uint256 before = _balance(claim.verifier);
        _accept(batch, claim);
        _passWindow(batchId);
        market.settleBatch(batch);
        _payAudit(batch, 0, 1);
        vm.assertEq(_balance(claim.verifier), before + 1.2 ether);
    }

    /// @dev Whoever takes a released seat is not drawn for what was committed before it sat down.
    function test_ATakenSeatIsNotDrawnForWhatWasCommittedBefore() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, batch, 0, 1);
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.prank(_verifier(i));
            market.leaveSeats(_ids(i, 1));
        }
        _wait(1000);
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.prank(_verifier(i));
            market.releaseSeats(_ids(i, 1));
        }
        vm.prank(challenger);
        market.takeSeats(5);
        address drawn = claim.verifier;
        claim.verifier = challenger;
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.VerifierNotDrawn.selector, challenger, claim.attempt
            )
        );
        _accept(batch, claim);
        claim.verifier = drawn;
        _expect(
            abi.encodeWithSelector(IMarketErrors.VerifierNotDrawn.selector, drawn, claim.attempt)
        );
        _accept(batch, claim);
    }
}
