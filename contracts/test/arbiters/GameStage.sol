// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BisectionArbiter} from "../../src/arbiters/BisectionArbiter.sol";
import {CommitteeArbiter} from "../../src/arbiters/CommitteeArbiter.sol";
import {Batch} from "../../src/types/Batch.sol";
import {ExecutionState, Game, GamePhase, GameTimes} from "../../src/types/Game.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice A market whose arbiter lets the parties play, and a dispute about task 1. Executions are made up:
/// state i of the honest one, and of a wrong one that leaves it after some stretch.
abstract contract GameStage is Fixture {
    bytes32 internal constant WRONG = keccak256("wrong");

    BisectionArbiter internal games;
    LeaseResult internal lease;
    uint256 internal disputeId;

    function _deployArbiter() internal override returns (CommitteeArbiter) {
        bytes memory arguments = abi.encode(market, _times());
        games = BisectionArbiter(vm.deployCode("BisectionArbiter.sol:BisectionArbiter", arguments));
        return games;
    }

    function _times() internal pure returns (GameTimes memory) {
        return
            GameTimes({acceptSeconds: 10, clockSeconds: 40, extensionSeconds: 5, appealSeconds: 30});
    }

    function setUp() public virtual override {
        super.setUp();
        vm.prank(provider);
        market.stake(4000 ether);
    }

    // ------------------------------------------------------------------------------ disputes

    /// @dev A dispute about a result that is right.
    function _contestRight() internal {
        _contest(_lease(_openDefault(), 0, 4));
    }

    function _contestWrong() internal {
        _contest(_leaseWithFault(_openDefault(), 0, 4, 1));
    }

    function _contest(LeaseResult memory contested) internal {
        lease = contested;
        (, Batch memory batch) = _commitOne(contested);
        disputeId = _dispute(batch, 0, 1);
    }

    // ------------------------------------------------------------------------------ executions

    /// @dev State `index` of the honest execution of so many stretches.
    function _honestState(uint256 index, uint256 stretches) internal pure returns (bytes32) {
        if (index == 0) return ExecutionState.START;
        if (index >= stretches) return ExecutionState.ended(_honest(1));
        return keccak256(abi.encode("honest", index));
    }

    /// @dev The same of one whose stretch `fault`, that leads to state `fault + 1`, was not run rightly.
    function _falseState(uint256 index, uint256 stretches, uint256 fault)
        internal
        pure
        returns (bytes32)
    {
        if (index <= fault) return _honestState(index, stretches + 1);
        if (index >= stretches) return ExecutionState.ended(WRONG);
        return keccak256(abi.encode("false", index));
    }

    // ------------------------------------------------------------------------------ moves

    function _offer(uint16 stretches, bytes32 digest) internal {
        bytes32[] memory proof = _proof(digest == WRONG ? 1 : NO_TASK);
        vm.prank(provider);
        games.offerGame(disputeId, stretches, digest, _salt(1), proof);
    }

    function _proof(uint256 wrong) internal view returns (bytes32[] memory) {
        return Trees.proof(_resultLeaves(lease.leaseId, 0, 4, wrong), 1);
    }

    function _accept() internal {
        vm.prank(challenger);
        games.acceptGame(disputeId);
    }

    function _tell(bytes32 state) internal {
        uint16 index = _middle();
        vm.prank(provider);
        games.tellState(disputeId, index, state);
    }

    function _answer(bool isSame) internal {
        uint16 index = _middle();
        vm.prank(challenger);
        games.answerState(disputeId, index, isSame);
    }

    function _game() internal view returns (Game memory) {
        return games.game(disputeId);
    }

    function _middle() internal view returns (uint16) {
        Game memory played = _game();
        return (played.low + played.high) / 2;
    }

    function _isIn(GamePhase phase) internal view returns (bool) {
        return _game().phase == phase;
    }

    /// @dev Both play what they found, to the last stretch. The provider's execution leaves the
    /// honest one at `fault`; the challenger's is honest.
    function _play(uint16 stretches, uint256 fault) internal returns (uint256 rounds) {
        while (_isIn(GamePhase.Telling)) {
            uint16 index = _middle();
            bytes32 told = _falseState(index, stretches, fault);
            _tell(told);
            _answer(told == _honestState(index, stretches + 1));
            ++rounds;
        }
    }

    /// @dev From the offer to the last stretch, with a wrong result.
    function _narrowWrong(uint16 stretches, uint256 fault) internal {
        _contestWrong();
        _offer(stretches, WRONG);
        _accept();
        _play(stretches, fault);
    }

    /// @dev The same with a right one: the challenger disagrees with whatever comes after `fault`.
    function _narrowRight(uint16 stretches, uint256 fault) internal {
        _contestRight();
        _offer(stretches, _honest(1));
        _accept();
        while (_isIn(GamePhase.Telling)) {
            uint16 index = _middle();
            _tell(_honestState(index, stretches));
            _answer(index <= fault);
        }
    }

    /// @dev The committee that is called for now votes for `digest`.
    function _judge(bytes32 digest) internal returns (address[] memory members) {
        members = _drawCommittee(disputeId);
        _voteAll(disputeId, members, digest);
    }

    /// @dev A right result, and a challenger that has run out of time.
    function _winByClock() internal {
        _contestRight();
        _offer(8, _honest(1));
        _accept();
        _tell(_honestState(4, 8));
        _wait(41);
        games.resolve(disputeId);
    }

    function _passAppeal() internal {
        vm.warp(_game().moveBy + 1);
    }
}
