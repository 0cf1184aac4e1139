// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../interfaces/IAnnex.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Seat} from "../types/Seat.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Verifier stake in equal units, each drawn with the same chance. A vacated seat keeps its
/// record, so that a draw can be checked, until its stake is paid out; then it is taken again, so
/// that nobody can fill the list with seats that no longer have a holder.
abstract contract Seats is MarketBase, IAnnex {
    struct SeatStake {
        uint96 stakeWei;
        uint40 releasableAt;
        uint32 duties;
        /// @dev Of a released seat: the one released before, plus 1.
        uint32 next;
        /// @dev When the seat first came to be, whoever sat there since. Later seats came later.
        uint48 bornBlock;
    }

    mapping(uint32 seatId => Seat) private _seats;
    mapping(uint32 seatId => SeatStake) private _stakes;

    /// @inheritdoc IAnnex
    function takeSeats(uint16 count) external {
        if (block.timestamp < _intakePausedUntil) revert IntakePaused(_intakePausedUntil);
        _requireFew(count);
        address holder = _caller();
        _spend(holder, uint256(count) * _SEAT_STAKE_WEI);
        for (uint256 i; i < count; ++i) {
            uint32 seatId = _emptySeat();
            _seats[seatId] = Seat(holder, uint48(block.number), 0);
            SeatStake storage held = _stakes[seatId];
            held.stakeWei = _SEAT_STAKE_WEI;
            held.releasableAt = 0;
            emit SeatTaken(seatId, holder);
        }
    }

    /// @inheritdoc IAnnex
    function leaveSeats(uint32[] memory seatIds) external {
        _requireFew(seatIds.length);
        address holder = _caller();
        for (uint256 i; i < seatIds.length; ++i) {
            uint32 seatId = seatIds[i];
            Seat storage left = _seatOf(holder, seatId);
            if (left.vacatedBlock != 0) revert SeatAlreadyVacated(seatId);
            _vacate(seatId, left);
        }
    }

    /// @inheritdoc IAnnex
    function releaseSeats(uint32[] memory seatIds) external {
        _requireFew(seatIds.length);
        address holder = _caller();
        for (uint256 i; i < seatIds.length; ++i) {
            _releaseSeat(holder, seatIds[i]);
        }
    }

    /// @inheritdoc IAnnex
    function holdSeats(uint256, uint32[] memory seatIds) external {
        if (msg.sender != _ARBITER) revert NotTheArbiter(_ARBITER, msg.sender);
        for (uint256 i; i < seatIds.length; ++i) {
            ++_stakes[seatIds[i]].duties;
        }
    }

    /// @inheritdoc IAnnex
    function seat(uint32 seatId) external view returns (Seat memory) {
        return _knownSeat(seatId);
    }

    /// @inheritdoc IAnnex
    function seatStake(uint32 seatId)
        external
        view
        returns (uint96 stakeWei, uint40 releasableAt, uint32 duties)
    {
        SeatStake storage held = _stakes[seatId];
        return (held.stakeWei, held.releasableAt, held.duties);
    }

    /// @inheritdoc IAnnex
    function seatCount() external view returns (uint32) {
        return _seatCount;
    }

    /// @inheritdoc IAnnex
    function seatCountAt(uint48 blockNumber) external view returns (uint24) {
        uint32 low = 0;
        uint32 high = _seatCount;
        while (low < high) {
            uint32 middle = (low + high) / 2;
            if (_stakes[middle].bornBlock < blockNumber) low = middle + 1;
            else high = middle;
        }
        return uint24(low);
    }

    /// @dev So many seats there were before a block: told by the caller, since searching is dear.
    function _requireSeatCount(uint24 count, uint256 blockNumber) internal view {
        bool isEnough =
            count == _seatCount || (count < _seatCount && _stakes[count].bornBlock >= blockNumber);
        bool isTooMuch = count != 0 && _stakes[count - 1].bornBlock >= blockNumber;
        if (!isEnough || isTooMuch) revert WrongSeatCount(count, blockNumber);
    }

    /// @dev End a seat's duty in a dispute, vacating it if it was absent or offended, and taking its
    /// stake if it offended.
    function _endDuty(uint256 disputeId, uint32 seatId, bool isAbsent, bool isOffender)
        internal
        returns (uint256 slashedWei)
    {
        SeatStake storage held = _stakes[seatId];
        Seat storage ended = _seats[seatId];
        --held.duties;
        if (isOffender) slashedWei = _slashSeat(disputeId, seatId);
        if (isAbsent && ended.vacatedBlock == 0) _vacate(seatId, ended);
    }

    /// @dev Take what a seat still holds, and the seat with it.
    function _slashSeat(uint256 disputeId, uint32 seatId) internal returns (uint256 slashedWei) {
        Seat storage own = _seats[seatId];
        SeatStake storage held = _stakes[seatId];
        slashedWei = held.stakeWei;
        if (slashedWei != 0) {
            held.stakeWei = 0;
            emit SeatSlashed(seatId, own.holder, disputeId);
        }
        if (own.vacatedBlock == 0) _vacate(seatId, own);
    }

    function _isOnDuty(uint32 seatId) internal view returns (bool) {
        return _stakes[seatId].duties != 0;
    }

    function _holderOf(uint32 seatId) internal view returns (address) {
        return _seats[seatId].holder;
    }

    /// @dev Whether somebody sat down only after a block: then it was another who sat there before.
    function _isTakenAfter(uint32 seatId, uint256 blockNumber) internal view returns (bool) {
        return _seats[seatId].takenBlock >= blockNumber;
    }

    /// @dev Who sits on a seat at a block; nobody if it was not held then.
    function _holderAt(uint32 seatId, uint256 blockNumber) internal view returns (address) {
        Seat storage drawn = _seats[seatId];
        bool isHeld = Sampling.isHeldAt(drawn.takenBlock, drawn.vacatedBlock, blockNumber);
        return isHeld ? drawn.holder : address(0);
    }

    /// @dev A released seat if there is one, else a new one.
    function _emptySeat() private returns (uint32 seatId) {
        seatId = _releasedSeat;
        if (seatId == 0) {
            seatId = _seatCount++;
            _stakes[seatId].bornBlock = uint48(block.number);
            return seatId;
        }
        _releasedSeat = _stakes[--seatId].next;
    }

    function _releaseSeat(address holder, uint32 seatId) private {
        Seat storage left = _seatOf(holder, seatId);
        SeatStake storage held = _stakes[seatId];
        if (left.vacatedBlock == 0) revert SeatNotVacated(seatId);
        if (held.stakeWei == 0) revert SeatEmpty(seatId);
        if (block.timestamp < held.releasableAt) revert SeatLocked(seatId, held.releasableAt);
        if (held.duties != 0) revert SeatOnDuty(seatId);
        uint96 amountWei = held.stakeWei;
        held.stakeWei = 0;
        held.next = _releasedSeat;
        _releasedSeat = seatId + 1;
        _credit(holder, amountWei);
        emit SeatReleased(seatId, holder, amountWei);
    }

    function _vacate(uint32 seatId, Seat storage left) private {
        left.vacatedBlock = uint48(block.number);
        _stakes[seatId].releasableAt = uint40(block.timestamp) + _UNSTAKE_DELAY_SECONDS;
        emit SeatVacated(seatId, left.holder);
    }

    function _seatOf(address holder, uint32 seatId) private view returns (Seat storage own) {
        own = _knownSeat(seatId);
        if (own.holder != holder) revert NotSeatHolder(seatId, own.holder);
    }

    function _knownSeat(uint32 seatId) private view returns (Seat storage) {
        if (seatId >= _seatCount) revert UnknownSeat(seatId);
        return _seats[seatId];
    }
}
