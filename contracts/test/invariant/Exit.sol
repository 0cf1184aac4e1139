// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account} from "../../src/types/Account.sol";
import {DisputeSteps} from "./DisputeSteps.sol";
import {vm} from "../Vm.sol";

/// @notice From wherever the market is, everybody gets all of its money out in bounded time, though intake
/// is paused and nobody but strangers and the money's owners do anything.
abstract contract Exit is DisputeSteps {
    /// @dev The farthest deadline and its grace, a pause and what must follow one, a window, a dispute
    /// with a second draw, and the unstaking delay once what is staked last is requested back.
    uint256 internal constant MOST_SECONDS = 360 + 400 + 100 + 200 + 1000;

    function everybodyLeaves() external {
        uint256 start = _now();
        _pause();
        _endDisputes();
        _endBatches();
        _payFees();
        _endJobs();
        _leaveSeatsAndStakes();
        _takeSeatsAndStakes();
        for (uint256 i; i < _people.length; ++i) {
            _withdrawAll(_people[i]);
        }
        vm.assertTrue(_isPaused(), "not paused");
        vm.assertTrue(_now() <= start + MOST_SECONDS, "it takes too long");
        vm.assertEq(heldWei(), market.burntWei(), "something is left");
    }

    function _pause() private {
        (, uint40 nextPauseAt) = market.intakePause();
        _goTo(nextPauseAt);
        vm.prank(guardian);
        market.pauseIntake(7 days);
    }

    /// @dev Whoever did not vote yet never does.
    function _endDisputes() private {
        uint256 latest = _now();
        for (uint256 i; i < _disputeIds.length; ++i) {
            if (market.isMoot(_disputeIds[i])) continue;
            _draw(_disputeIds[i]);
            uint256 openBy = arbiter.committee(_disputeIds[i]).openBy;
            if (openBy > latest) latest = openBy;
        }
        _goTo(latest + 1);
        while (_disputeIds.length != 0) {
            vm.assertTrue(_resolve(_disputeIds.length - 1), "a dispute does not end");
        }
    }

    /// @dev Those too of which a ruling finished the last lease: there is nothing left of them.
    function _endBatches() private {
        for (uint256 i; i < _batchIds.length; ++i) {
            bytes32 batchId = _batchIds[i];
            _passSeed(batchId);
            _goTo(_windowEndsAt(batchId) + 1);
            vm.assertTrue(_settle(batchId), "a batch does not end");
            vm.assertEq(market.batch(batchId).lineCount, 0, "a lease does not end");
        }
    }

    /// @dev Of batches that are all forgotten. One by one: each is its own call.
    function _payFees() private {
        Audited[] memory one = new Audited[](1);
        for (uint256 i; i < _audits.length; ++i) {
            one[0] = _audits[i];
            if (_acceptedOf(one[0]).feeWei == 0) continue;
            vm.assertTrue(_isDue(one[0]), "a fee waits for ever");
            _payDue(one);
        }
    }

    function _endJobs() private {
        for (uint256 i; i < _jobIds.length; ++i) {
            if (_stateOf(_jobIds[i]).flags & 4 != 0) continue;
            _goTo(uint256(_jobOf[_jobIds[i]].deadline) + 61);
            vm.prank(stranger);
            market.closeJob(_jobOf[_jobIds[i]]);
        }
    }

    /// @dev What only the owner can do.
    function _leaveSeatsAndStakes() private {
        for (uint256 i; i < _people.length; ++i) {
            uint256 stakeWei = _stakeOf(_people[i]);
            if (stakeWei == 0) continue;
            vm.prank(_people[i]);
            market.requestUnstake(uint96(stakeWei));
        }
        for (uint32 i; i < market.seatCount(); ++i) {
            if (market.seat(i).vacatedBlock != 0) continue;
            vm.prank(market.seat(i).holder);
            market.leaveSeats(_ids(i));
        }
    }

    function _takeSeatsAndStakes() private {
        _goTo(_now() + 1000);
        for (uint256 i; i < _people.length; ++i) {
            Account memory account = market.account(_people[i]);
            vm.assertEq(account.openDisputes, 0);
            if (account.unstakingWei == 0) continue;
            vm.prank(stranger);
            market.unstake(_people[i]);
        }
        for (uint32 i; i < market.seatCount(); ++i) {
            (uint96 stakeWei,,) = market.seatStake(i);
            if (stakeWei == 0) continue;
            vm.prank(market.seat(i).holder);
            market.releaseSeats(_ids(i));
        }
    }

    function _withdrawAll(address who) private {
        uint256 balanceWei = _balance(who);
        if (balanceWei == 0) return;
        vm.prank(who);
        market.withdraw(uint96(balanceWei), who);
    }

    function _ids(uint32 seatId) private pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }
}
