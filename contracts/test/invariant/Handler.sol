// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Exit} from "./Exit.sol";
import {vm} from "../Vm.sol";

/// @notice Everybody at once, doing what they may at random moments: requester, operator, two providers
/// (honest or not) and a device, verifiers, challengers, relayer, guardian, governor, strangers, time.
contract Handler is Exit {
    constructor() {
        setUp();
        _fund(rival);
        _fund(stranger);
        _fund(operator);
        _know(requester);
        _know(operator);
        _know(provider);
        _know(rival);
        _know(device);
        _know(challenger);
        _know(stranger);
        _know(guardian);
        _know(governor);
        for (uint256 i; i < VERIFIERS; ++i) {
            _know(_verifier(i));
        }
        _compare();
    }

    /// @dev A few seconds mostly; sometimes so long that windows, delays and the chain's memory end.
    function pass(uint256 random) external step {
        _forward(1 + _pick(random, 1, _pick(random, 2, 8) == 0 ? 600 : 8));
    }

    /// @notice What may happen; the more often something stands here, the more often it does.
    function steps() external pure returns (bytes4[] memory list) {
        list = new bytes4[](68);
        list[0] = this.deposit.selector;
        list[1] = this.withdraw.selector;
        list[2] = this.stake.selector;
        list[3] = this.requestUnstake.selector;
        list[4] = list[5] = this.unstake.selector;
        list[6] = list[7] = list[8] = this.takeSeat.selector;
        list[9] = this.leaveSeat.selector;
        list[10] = list[11] = this.releaseSeat.selector;
        list[12] = this.relay.selector;
        list[13] = this.cancelAll.selector;
        list[14] = this.moveDevice.selector;
        list[15] = this.pauseIntake.selector;
        list[16] = list[17] = list[18] = list[19] = list[20] = this.openJob.selector;
        list[21] = this.cancelJob.selector;
        list[22] = list[23] = list[24] = list[25] = this.closeJob.selector;
        list[26] = list[27] = list[28] = list[29] = list[30] = list[31] = this.commit.selector;
        list[32] = this.fixSeed.selector;
        list[33] = list[34] = list[35] = list[36] = list[37] = list[38] = this.audit.selector;
        list[39] = list[40] = list[41] = list[42] = this.settle.selector;
        list[43] = list[44] = list[45] = list[46] = list[47] = list[48] = this.openDispute.selector;
        list[49] = this.concede.selector;
        list[50] = list[51] = list[52] = list[53] = this.judge.selector;
        list[54] = this.resolve.selector;
        list[55] = list[56] = list[57] = this.contradict.selector;
        list[58] = list[59] = list[60] = this.pass.selector;
        list[61] = this.govern.selector;
        list[62] = list[63] = list[64] = list[65] = this.payAudits.selector;
        list[66] = list[67] = this.reportEquivocation.selector;
    }
}
