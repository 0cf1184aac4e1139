// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../interfaces/IMarket.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Verifier stake in equal units, each drawn with the same chance. Seats are never reused,
/// so that a draw can be checked long after.
abstract contract Seats is MarketBase {
    struct SeatStake {
        uint96 stakeWei;
        uint40 releasableAt;
        uint32 duties;
    }

    Seat[] private _seats;
    mapping(uint32 seatId => SeatStake) private _stakes;

    /// @inheritdoc IMarket
    function takeSeats(uint16 count) external {
        _requireFew(count);
        _spend(msg.sender, uint256(count) * _SEAT_STAKE_WEI);
        for (uint256 i; i < count; ++i) {
            uint32 seatId = uint32(_seats.length);
            _seats.push(Seat(msg.sender, uint48(block.number), 0));
            _stakes[seatId].stakeWei = _SEAT_STAKE_WEI;
            emit SeatTaken(seatId, msg.sender);
        }
    }

    /// @inheritdoc IMarket
    function leaveSeats(uint32[] memory seatIds) external {
        _requireFew(seatIds.length);
        for (uint256 i; i < seatIds.length; ++i) {
            uint32 seatId = seatIds[i];
            Seat storage left = _ownSeat(seatId);
            if (left.vacatedBlock != 0) revert SeatAlreadyVacated(seatId);
            _vacate(seatId, left);
        }
    }

    /// @inheritdoc IMarket
    function releaseSeats(uint32[] memory seatIds) external {
        _requireFew(seatIds.length);
        for (uint256 i; i < seatIds.length; ++i) {
            _release(seatIds[i]);
        }
    }

    /// @inheritdoc IMarket
    function holdSeats(uint256, uint32[] memory seatIds) external {
        if (msg.sender != _ARBITER) revert NotTheArbiter(_ARBITER, msg.sender);
        for (uint256 i; i < seatIds.length; ++i) {
            ++_stakes[seatIds[i]].duties;
        }
    }

    /// @inheritdoc IMarket
    function seat(uint32 seatId) external view returns (Seat memory) {
        if (seatId >= _seats.length) revert UnknownSeat(seatId);
        return _seats[seatId];
    }

    /// @inheritdoc IMarket
    function seatStake(uint32 seatId)
        external
        view
        returns (uint96 stakeWei, uint40 releasableAt, uint32 duties)
    {
        SeatStake storage held = _stakes[seatId];
        return (held.stakeWei, held.releasableAt, held.duties);
    }

    /// @inheritdoc IMarket
    function seatCount() public view returns (uint32) {
        return uint32(_seats.length);
    }

    /// @dev End a seat's duty in a dispute, taking its stake if it offended.
    function _endDuty(uint256 disputeId, uint32 seatId, bool isOffender)
        internal
        returns (uint256 slashedWei)
    {
        SeatStake storage held = _stakes[seatId];
        --held.duties;
        if (!isOffender || held.stakeWei == 0) return 0;
        Seat storage slashed = _seats[seatId];
        slashedWei = held.stakeWei;
        held.stakeWei = 0;
        emit SeatSlashed(seatId, slashed.holder, disputeId);
        if (slashed.vacatedBlock == 0) _vacate(seatId, slashed);
    }

    /// @dev Who sits on a seat at a block; nobody if it was not held then.
    function _holderAt(uint32 seatId, uint256 blockNumber) internal view returns (address) {
        Seat storage drawn = _seats[seatId];
        bool isHeld = Sampling.isHeldAt(drawn.takenBlock, drawn.vacatedBlock, blockNumber);
        return isHeld ? drawn.holder : address(0);
    }

    function _release(uint32 seatId) private {
        Seat storage left = _ownSeat(seatId);
        SeatStake storage held = _stakes[seatId];
        if (left.vacatedBlock == 0) revert SeatNotVacated(seatId);
        if (held.stakeWei == 0) revert SeatEmpty(seatId);
        if (block.timestamp < held.releasableAt) revert SeatLocked(seatId, held.releasableAt);
        if (held.duties != 0) revert SeatOnDuty(seatId);
        uint96 amountWei = held.stakeWei;
        held.stakeWei = 0;
        _credit(msg.sender, amountWei);
        emit SeatReleased(seatId, msg.sender, amountWei);
    }

    function _vacate(uint32 seatId, Seat storage left) private {
        left.vacatedBlock = uint48(block.number);
        _stakes[seatId].releasableAt = uint40(block.timestamp) + _UNSTAKE_DELAY_SECONDS;
        emit SeatVacated(seatId, left.holder);
    }

    function _ownSeat(uint32 seatId) private view returns (Seat storage own) {
        if (seatId >= _seats.length) revert UnknownSeat(seatId);
        own = _seats[seatId];
        if (own.holder != msg.sender) revert NotSeatHolder(seatId, own.holder);
    }
}
