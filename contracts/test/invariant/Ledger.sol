// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Account} from "../../src/types/Account.sol";
import {AcceptedAudit} from "../../src/types/AuditResult.sol";
import {Dispute} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {JobState} from "../../src/types/JobState.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Who has what in Market, by its own views, and who may have lost how much in the last step.
abstract contract Ledger is Fixture {
    /// @dev A committed lease that is neither settled nor released.
    struct OpenLine {
        bytes32 batchId;
        bytes32 jobId;
        bytes32 leaseId;
        address provider;
        uint32 firstTask;
        uint32 count;
        uint96 amount;
        uint8 line;
    }

    /// @dev An audit that was accepted, for whatever the provider had claimed. Kept for good: its batch may be
    /// forgotten before its fee is paid.
    struct Audited {
        bytes32 batchId;
        uint8 line;
        uint32 task;
        uint8 round;
    }

    uint256 internal constant RIVAL_KEY = 0xA7;
    address internal rival = vm.addr(RIVAL_KEY);

    address[] internal _people;
    bytes32[] internal _jobIds;
    bytes32[] internal _batchIds;
    uint256[] internal _disputeIds;
    OpenLine[] internal _openLines;
    Audited[] internal _audits;
    /// @dev Leases that were conceded, lost, forfeited, or not paid for want of their inputs.
    mapping(bytes32 leaseId => bool) internal _isLost;

    mapping(address who => uint256) private _index;
    mapping(address who => uint256) private _totalWei;
    mapping(address who => uint256) internal _allowedWei;

    /// @notice How often something happened: the ends of everything, and how they came about.
    mapping(string what => uint256) public count;
    /// @notice Somebody that has become poorer without its own doing; nobody, if all is well.
    address public robbed;

    /// @dev In a step, people may only lose what the step allows.
    modifier step() {
        _;
        _forgetTheFinished();
        _compare();
    }

    function _know(address who) internal {
        _people.push(who);
        _index[who] = _people.length;
    }

    /// @dev Its own call or signature, or a dispute that it lost, costs `who` up to so much.
    function _allow(address who, uint256 amountWei) internal {
        _allowedWei[who] += amountWei;
    }

    function _happened(string memory what) internal {
        ++count[what];
    }

    // ------------------------------------------------------------------------------ conservation

    /// @notice Free balances, stakes, seats, escrows, bonds, fees set aside, and what is burnt.
    function owedWei() public view returns (uint256 sum) {
        uint256[] memory totals = _totals();
        for (uint256 i; i < totals.length; ++i) {
            sum += totals[i];
        }
        for (uint256 i; i < _jobIds.length; ++i) {
            JobState memory state = _stateOf(_jobIds[i]);
            sum += uint256(state.escrowWei) + state.auditEscrowWei;
        }
        for (uint256 i; i < _disputeIds.length; ++i) {
            sum += market.dispute(_disputeIds[i]).bondWei;
        }
        for (uint256 i; i < _audits.length; ++i) {
            sum += _acceptedOf(_audits[i]).feeWei;
        }
        sum += market.burntWei();
    }

    function _acceptedOf(Audited memory done) internal view returns (AcceptedAudit memory) {
        return market.acceptedAudit(done.batchId, done.line, done.task, done.round);
    }

    function heldWei() public view returns (uint256) {
        return token.balanceOf(address(market));
    }

    /// @dev Everybody's balance, stake and seats.
    function _totals() internal view returns (uint256[] memory totals) {
        totals = new uint256[](_people.length);
        for (uint256 i; i < totals.length; ++i) {
            Account memory account = market.account(_people[i]);
            totals[i] = uint256(account.balanceWei) + account.stakeWei + account.unstakingWei;
        }
        for (uint32 i; i < market.seatCount(); ++i) {
            (uint96 stakeWei,,) = market.seatStake(i);
            if (stakeWei != 0) totals[_index[market.seat(i).holder] - 1] += stakeWei;
        }
    }

    function _compare() internal {
        uint256[] memory totals = _totals();
        for (uint256 i; i < totals.length; ++i) {
            address who = _people[i];
            if (totals[i] + _allowedWei[who] < _totalWei[who]) robbed = who;
            _totalWei[who] = totals[i];
            _allowedWei[who] = 0;
        }
    }

    // ------------------------------------------------------------------------------ claims

    /// @notice Whether each job's escrow covers every open lease, and every task that may still come, and
    /// whether its counts are those of its leases.
    function isCovered() external view returns (bool) {
        for (uint256 i; i < _jobIds.length; ++i) {
            Job storage job = _jobOf[_jobIds[i]];
            JobState memory state = _stateOf(_jobIds[i]);
            (uint256 openTasks, uint256 claimsWei) = _openOf(_jobIds[i]);
            if (state.flags & 4 != 0) {
                if (openTasks != 0 || state.escrowWei != 0) return false;
                continue;
            }
            uint256 unpaidTasks = uint256(job.taskCount) - state.settledTasks;
            if (state.escrowWei < claimsWei) return false;
            if (state.escrowWei < unpaidTasks * job.maxPricePerTask) return false;
            if (uint256(state.settledTasks) + openTasks != state.committedTasks) return false;
            if (state.committedTasks > job.taskCount) return false;
        }
        return true;
    }

    function _openOf(bytes32 jobId) private view returns (uint256 tasks, uint256 claimsWei) {
        for (uint256 i; i < _openLines.length; ++i) {
            if (_openLines[i].jobId != jobId) continue;
            tasks += _openLines[i].count;
            claimsWei += _openLines[i].amount;
        }
    }

    function _isOpen(OpenLine memory open) internal view returns (bool) {
        if (market.batch(open.batchId).lineCount == 0) return false;
        return market.batch(open.batchId).finishedBits & (uint64(1) << open.line) == 0;
    }

    function _forgetTheFinished() internal {
        for (uint256 i = _openLines.length; i > 0; --i) {
            if (_isOpen(_openLines[i - 1])) continue;
            _openLines[i - 1] = _openLines[_openLines.length - 1];
            _openLines.pop();
        }
        for (uint256 i = _batchIds.length; i > 0; --i) {
            bytes32 batchId = _batchIds[i - 1];
            if (market.batch(batchId).lineCount != 0) continue;
            _batchIds[i - 1] = _batchIds[_batchIds.length - 1];
            _batchIds.pop();
            _happened("batch gone");
        }
    }

    /// @dev Every lease of it is settled or released, and none is in dispute.
    function _isFinished(bytes32 batchId) internal view returns (bool) {
        uint256 all = (uint256(1) << market.batch(batchId).lineCount) - 1;
        return market.batch(batchId).finishedBits == all && market.batch(batchId).disputedBits == 0;
    }

    // ------------------------------------------------------------------------------ choosing

    /// @dev A number below `bound`; another one for another `salt`.
    function _pick(uint256 random, uint256 salt, uint256 bound) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(random, salt))) % bound;
    }

    function _someone(uint256 random) internal view returns (address) {
        return _people[_pick(random, 100, _people.length)];
    }

    function _isPaused() internal view returns (bool) {
        (uint40 pausedUntil,) = market.intakePause();
        return _now() < pausedUntil;
    }

    function _pricePerTask(Dispute memory contested) internal pure returns (uint256) {
        return contested.amount / contested.count;
    }
}
