// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DisputeTerms} from "../types/DisputeTerms.sol";
import {Params} from "../types/Params.sol";

/// @notice A market's terms. A contract of its own, so that Market has room for code. All are fixed for
/// good but the four `DisputeTerms`: a governor can change them, within bounds, and after a notice that is long
/// enough to get out. It has no other power, and nobody can take its place.
///
/// The bounds never move, whatever is enacted:
///
/// - `disputeBondWei`: from a quarter to four times what the market was deployed with.
/// - `slashMultiple`: 60 to 120. Below 60 a wrong task would cost less than deterrence was computed with; a
///   slash beyond twice that deters no known cheat, and would take more for an honest mistake.
/// - `concedeMultiple`: 50, which is what cheating could have earned until then, up to `slashMultiple`.
/// - `committeeSize`: 3 to 31, and odd, so that a committee that votes has a majority.
interface ITerms {
    /// @notice Proposed: it can be enacted after `noticeEndsAt`, until `lapsesAt`.
    event ParamsProposed(DisputeTerms wanted, uint40 noticeEndsAt, uint40 lapsesAt);
    event ProposalWithdrawn();
    event ParamsEnacted(DisputeTerms enacted);

    /// @notice These terms cannot be safe: `rule` says why.
    error InvalidParams(string rule);
    /// @notice Only the governor may; the zero address means that nobody can.
    error NotTheGovernor(address governor, address caller);
    error NoProposal();
    /// @notice People may still get out, until `noticeEndsAt`.
    error NoticeRunning(uint256 noticeEndsAt);
    /// @notice Nobody enacted it in time: it has to be proposed again.
    error ProposalLapsed(uint256 lapsedAt);

    /// @notice The governor announces other terms for disputes. Whatever was proposed before is replaced,
    /// and the notice begins anew.
    function propose(DisputeTerms calldata wanted) external;

    /// @notice The governor thinks better of it.
    function withdrawProposal() external;

    /// @notice The proposed terms count for all disputes that are opened from now on; those that are open
    /// keep theirs. Anyone, within a week after the notice.
    function enact() external;

    /// @notice The terms as they stand.
    function params() external view returns (Params memory);

    /// @notice What of them a dispute that is opened now keeps.
    function disputeTerms() external view returns (DisputeTerms memory);

    /// @notice What is proposed, and when it can be enacted; all zero if nothing is.
    function proposal()
        external
        view
        returns (DisputeTerms memory wanted, uint40 noticeEndsAt, uint40 lapsesAt);

    /// @notice How long a proposal waits: an unstaking delay and the longest dispute, window included. Work
    /// that was committed before the proposal can no longer be contested when the notice ends. Whoever stops
    /// and asks for its stake while the longest dispute could last, has it back by then, unless a dispute
    /// about its work, which keeps the old terms, was left lying.
    function noticeSeconds() external view returns (uint40);

    /// @notice Who may pause intake for a while, and nothing else; the zero address if nobody.
    function guardian() external view returns (address);

    /// @notice Who may propose, and nothing else; the zero address if nobody, so that the terms never
    /// change. It cannot be handed over: let it be a contract if those behind it may change.
    function governor() external view returns (address);
}
