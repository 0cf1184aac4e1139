// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Request} from "../../src/types/Request.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Operators relay strangers' requests, for a fee. Whoever signs one acts with its own rights,
/// never with those of the one who happens to send it.
contract RelayedRightsTest is Fixture {
    uint256 internal constant GUARDIAN_KEY = 0x6A;

    function setUp() public override {
        guardian = vm.addr(GUARDIAN_KEY);
        super.setUp();
    }

    /// @dev A batch that nobody granted a lease for, at the highest price.
    function _commitCall(Batch memory batch, LeaseResult[] memory leases)
        internal
        view
        returns (bytes memory)
    {
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        return abi.encodeCall(
            IMarketCore.commitBatch, (_jobsOf(batch), _partiesOf(batch), batch.lines, signatures)
        );
    }

    function _relay(uint256 key, bytes memory data, address sender, bytes memory error_) internal {
        (Request memory request, bytes memory signature) = _request(key, data, 1, 7);
        if (error_.length != 0) _expect(error_);
        vm.prank(sender);
        market.relay(request, 0, signature);
    }

    function test_RevertWhen_AProviderCommitsThroughTheOperatorsRelay() external {
        bytes32 jobId = _openDefault();
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 20));
        bytes memory data = _commitCall(_batchOf(leases), leases);
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.WrongOperator.selector, jobId, operator, provider);
        _relay(PROVIDER_KEY, data, operator, error_);
    }

    function test_TheOperatorsOwnRequestCommits() external {
        LeaseResult[] memory leases = _one(_lease(_openDefault(), 0, 20));
        Batch memory batch = _batchOf(leases);
        _relay(OPERATOR_KEY, _commitCall(batch, leases), stranger, "");
        vm.assertEq(_stateOf(leases[0].jobId).committedTasks, 20);
    }

    function test_RevertWhen_AStrangerPausesThroughTheGuardiansRelay() external {
        bytes memory data = abi.encodeCall(IAnnex.pauseIntake, (7 days));
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.NotTheGuardian.selector, guardian, stranger);
        _relay(STRANGER_KEY, data, guardian, error_);
    }

    function test_TheGuardiansOwnRequestPauses() external {
        _relay(GUARDIAN_KEY, abi.encodeCall(IAnnex.pauseIntake, (7 days)), stranger, "");
        (uint40 pausedUntil,) = market.intakePause();
        vm.assertEq(pausedUntil, _now() + 7 days);
    }
}
