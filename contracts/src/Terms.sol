// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITerms} from "./interfaces/ITerms.sol";
import {DisputeTerms} from "./types/DisputeTerms.sol";
import {Params} from "./types/Params.sol";

/// @title Terms
/// @notice See `ITerms`.
contract Terms is ITerms {
    uint40 private constant _ENACT_SECONDS = 7 days;
    uint256 private constant _LEAST_SLASH_MULTIPLE = 60;
    uint256 private constant _MOST_SLASH_MULTIPLE = 120;
    uint256 private constant _LEAST_CONCEDE_MULTIPLE = 50;
    uint256 private constant _BOND_FACTOR = 4;
    uint256 private constant _SMALLEST_COMMITTEE = 3;
    uint256 private constant _LARGEST_COMMITTEE = 31;

    /// @inheritdoc ITerms
    address public immutable guardian;
    /// @inheritdoc ITerms
    address public immutable governor;
    /// @inheritdoc ITerms
    uint40 public immutable noticeSeconds;

    /// @dev Never written again: bounds are relative to these.
    Params private _deployed;
    DisputeTerms private _disputeTerms;
    DisputeTerms private _wanted;
    /// @dev 0 if nothing is proposed.
    uint40 private _noticeEndsAt;

    constructor(Params memory params_, address guardian_, address governor_) {
        _check(params_);
        _deployed = params_;
        _disputeTerms = DisputeTerms(
            params_.disputeBondWei,
            params_.slashMultiple,
            params_.concedeMultiple,
            params_.committeeSize
        );
        guardian = guardian_;
        governor = governor_;
        noticeSeconds = params_.unstakeDelaySeconds + uint40(_longestDisputeSeconds(params_));
    }

    /// @inheritdoc ITerms
    function propose(DisputeTerms calldata wanted) external {
        _requireGovernor();
        _checkBounds(wanted);
        uint40 noticeEndsAt = uint40(block.timestamp) + noticeSeconds;
        _wanted = wanted;
        _noticeEndsAt = noticeEndsAt;
        emit ParamsProposed(wanted, noticeEndsAt, noticeEndsAt + _ENACT_SECONDS);
    }

    /// @inheritdoc ITerms
    function withdrawProposal() external {
        _requireGovernor();
        if (_noticeEndsAt == 0) revert NoProposal();
        _forgetProposal();
        emit ProposalWithdrawn();
    }

    /// @inheritdoc ITerms
    function enact() external {
        uint40 noticeEndsAt = _noticeEndsAt;
        if (noticeEndsAt == 0) revert NoProposal();
        if (block.timestamp <= noticeEndsAt) revert NoticeRunning(noticeEndsAt);
        uint40 lapsesAt = noticeEndsAt + _ENACT_SECONDS;
        if (block.timestamp > lapsesAt) revert ProposalLapsed(lapsesAt);
        DisputeTerms memory enacted = _wanted;
        _disputeTerms = enacted;
        _forgetProposal();
        emit ParamsEnacted(enacted);
    }

    /// @inheritdoc ITerms
    function params() external view returns (Params memory p) {
        DisputeTerms memory current = _disputeTerms;
        p = _deployed;
        p.disputeBondWei = current.disputeBondWei;
        p.slashMultiple = current.slashMultiple;
        p.concedeMultiple = current.concedeMultiple;
        p.committeeSize = current.committeeSize;
    }

    /// @inheritdoc ITerms
    function disputeTerms() external view returns (DisputeTerms memory) {
        return _disputeTerms;
    }

    /// @inheritdoc ITerms
    function proposal()
        external
        view
        returns (DisputeTerms memory wanted, uint40 noticeEndsAt, uint40 lapsesAt)
    {
        noticeEndsAt = _noticeEndsAt;
        lapsesAt = noticeEndsAt == 0 ? 0 : noticeEndsAt + _ENACT_SECONDS;
        wanted = _wanted;
    }

    function _forgetProposal() private {
        delete _wanted;
        delete _noticeEndsAt;
    }

    function _requireGovernor() private view {
        if (msg.sender != governor) revert NotTheGovernor(governor, msg.sender);
    }

    function _checkBounds(DisputeTerms calldata wanted) private view {
        uint256 deployedWei = _deployed.disputeBondWei;
        uint256 bondWei = wanted.disputeBondWei;
        if (bondWei * _BOND_FACTOR < deployedWei || bondWei > deployedWei * _BOND_FACTOR) {
            revert InvalidParams("a bond of a quarter to four times the first one");
        }
        uint256 slash = wanted.slashMultiple;
        if (slash < _LEAST_SLASH_MULTIPLE || slash > _MOST_SLASH_MULTIPLE) {
            revert InvalidParams("losing costs 60 to 120 prices");
        }
        uint256 concession = wanted.concedeMultiple;
        if (concession < _LEAST_CONCEDE_MULTIPLE || concession > slash) {
            revert InvalidParams("conceding costs 50 prices, and no more than losing");
        }
        uint256 size = wanted.committeeSize;
        if (size < _SMALLEST_COMMITTEE || size > _LARGEST_COMMITTEE || size % 2 == 0) {
            revert InvalidParams("an odd committee of 3-31");
        }
    }

    /// @dev A seat must stay slashable for as long as a dispute that may draw it can last.
    function _check(Params memory p) private pure {
        if (p.seatStakeWei == 0 || p.disputeBondWei == 0) revert InvalidParams("stakes above 0");
        if (p.seedDelayBlocks == 0) revert InvalidParams("a seed comes from a later block");
        if (p.seedDelayBlocks > 256) revert InvalidParams("a seed is known for 256 blocks");
        if (p.disputeWindowSeconds == 0 || p.commitSeconds == 0) revert InvalidParams("no window");
        if (p.revealSeconds == 0 || p.openSeconds == 0) revert InvalidParams("no window");
        if (p.concedeMultiple == 0 || p.concedeMultiple > p.slashMultiple) {
            revert InvalidParams("conceding costs something, and no more than losing");
        }
        if (p.committeeSize == 0 || p.committeeSize > _LARGEST_COMMITTEE) {
            revert InvalidParams("committee of 1-31");
        }
        uint256 longest = _longestDisputeSeconds(p);
        // A quarter more: a committee is called and drawn in blocks, whose time nobody knows.
        if (p.unstakeDelaySeconds < longest + longest / 4) {
            revert InvalidParams("unstake delay under a dispute");
        }
        if (longest + p.commitGraceSeconds > 3650 days) revert InvalidParams("over ten years");
        if (p.unstakeDelaySeconds > 3650 days) revert InvalidParams("over ten years");
    }

    /// @dev From a commitment to the ruling, if everybody takes all of its time.
    function _longestDisputeSeconds(Params memory p) private pure returns (uint256) {
        return uint256(p.disputeWindowSeconds) + p.concedeSeconds + p.commitSeconds
            + p.revealSeconds + p.openSeconds;
    }
}
