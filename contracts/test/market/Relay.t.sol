// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {JobWords} from "../../src/types/JobState.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Request, RequestHash} from "../../src/types/Request.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Fixture} from "../Fixture.sol";
import {CallingToken} from "../OddTokens.sol";
import {SmartAccount} from "../SmartAccount.sol";
import {vm} from "../Vm.sol";

contract RelayTest is Fixture {
    address internal relayer = address(0x4E1);
    uint256 internal nonce = 100;

    /// @dev The relayer sends `data` for the holder of `key`, for one credit.
    function _relay(uint256 key, bytes memory data) internal {
        _send(key, data, 1 ether);
    }

    function _send(uint256 key, bytes memory data, uint96 feeWei) internal {
        (Request memory request, bytes memory signature) = _request(key, data, feeWei, ++nonce);
        vm.prank(relayer);
        market.relay(request, feeWei, signature);
    }

    function _expectRefused(uint256 key, bytes memory data, bytes memory error_) internal {
        (Request memory request, bytes memory signature) = _request(key, data, 1 ether, ++nonce);
        _expect(error_);
        vm.prank(relayer);
        market.relay(request, 1 ether, signature);
    }

    function _stakeOne() internal pure returns (bytes memory) {
        return abi.encodeCall(IMarketCore.stake, (1 ether));
    }

    function _ids(uint32 seatId) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    // ------------------------------------------------------------------------------ gasless

    function test_Withdraws_AndTheSenderEarnsTheFee() external {
        bytes memory data = abi.encodeCall(IMarketCore.withdraw, (7 ether, stranger));
        (Request memory request, bytes memory signature) = _request(REQUESTER_KEY, data, 2 ether, 9);
        vm.expectEmit(address(market));
        emit IMarketEvents.Withdrawn(requester, stranger, 7 ether);
        vm.expectEmit(address(market));
        emit IMarketEvents.Relayed(requester, relayer, 9, 1.5 ether);
        vm.prank(relayer);
        market.relay(request, 1.5 ether, signature);
        vm.assertEq(token.balanceOf(stranger), 7 ether);
        vm.assertEq(_balance(requester), FUNDS - 8.5 ether);
        vm.assertEq(_balance(relayer), 1.5 ether);
        vm.assertTrue(market.isNonceUsed(requester, 9));
    }

    function test_Deposits() external {
        _relay(REQUESTER_KEY, abi.encodeCall(IMarketCore.deposit, (5 ether)));
        vm.assertEq(_balance(requester), FUNDS + 4 ether);
    }

    /// @dev Whoever has nothing in Market yet can pay the fee out of what it deposits.
    function test_AFirstDepositPaysItsOwnFee() external {
        token.mint(stranger, 5 ether);
        vm.prank(stranger);
        token.approve(address(market), 5 ether);
        _relay(STRANGER_KEY, abi.encodeCall(IMarketCore.deposit, (5 ether)));
        vm.assertEq(_balance(stranger), 4 ether);
    }

    function test_StakesAndAsksForItBack() external {
        _relay(PROVIDER_KEY, abi.encodeCall(IMarketCore.stake, (100 ether)));
        vm.assertEq(_stakeOf(provider), 100 ether);
        _relay(PROVIDER_KEY, abi.encodeCall(IMarketCore.requestUnstake, (60 ether)));
        vm.assertEq(market.account(provider).unstakingWei, 60 ether);
        vm.assertEq(_balance(provider), FUNDS - 102 ether);
        vm.assertEq(_stakeOf(relayer), 0);
    }

    function test_TakesLeavesAndReleasesSeats() external {
        _relay(CHALLENGER_KEY, abi.encodeCall(IAnnex.takeSeats, (2)));
        vm.assertEq(market.seat(6).holder, challenger);
        _relay(CHALLENGER_KEY, abi.encodeCall(IAnnex.leaveSeats, (_ids(6))));
        vm.assertEq(market.seat(6).vacatedBlock, vm.getBlockNumber());
        vm.warp(_now() + 1000);
        _relay(CHALLENGER_KEY, abi.encodeCall(IAnnex.releaseSeats, (_ids(6))));
        vm.assertEq(_balance(challenger), FUNDS - 103 ether);
        vm.assertEq(_balance(relayer), 3 ether);
    }

    function test_OpensAndCancelsAJobWithoutAFurtherSignature() external {
        _relay(REQUESTER_KEY, abi.encodeCall(IMarketCore.openJob, (_job(), "")));
        bytes32 jobId = _idOf(_job());
        vm.assertEq(_stateOf(jobId).flags, JobWords.OPENED);
        vm.assertEq(_balance(relayer), 1.1 ether); // the relayer fee of the job, too
        _relay(REQUESTER_KEY, abi.encodeCall(IMarketCore.cancelJob, (_job(), "")));
        vm.assertEq(_stateOf(jobId).flags, JobWords.OPENED | JobWords.CANCELLED);
    }

    function test_RevertWhen_OpeningAnothersJob() external {
        _expectRefused(
            STRANGER_KEY,
            abi.encodeCall(IMarketCore.openJob, (_job(), "")),
            _badSignature(requester)
        );
    }

    function test_RevokesADevice() external {
        _expectRefused(
            CHALLENGER_KEY,
            abi.encodeCall(IAnnex.revokeDevice, (device)),
            abi.encodeWithSelector(IMarketErrors.NotYourDevice.selector, device)
        );
        _relay(PROVIDER_KEY, abi.encodeCall(IAnnex.revokeDevice, (device)));
        (address wallet,) = market.deviceOf(device);
        vm.assertEq(wallet, address(0));
    }

    function test_BurnsANonce() external {
        _relay(PROVIDER_KEY, abi.encodeCall(IAnnex.burnNonce, (42)));
        vm.assertTrue(market.isNonceUsed(provider, 42));
        vm.assertFalse(market.isNonceUsed(relayer, 42));
    }

    function test_CancelsAll() external {
        _relay(PROVIDER_KEY, abi.encodeCall(IAnnex.cancelAll, ()));
        vm.assertEq(market.account(provider).epoch, 1);
        vm.assertEq(market.account(relayer).epoch, 0);
    }

    function test_OpensADispute() external {
        (, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        _relay(CHALLENGER_KEY, abi.encodeCall(IAnnex.openDispute, (batch, 0, 1)));
        vm.assertEq(market.dispute(1).challenger, challenger);
        vm.assertEq(_balance(challenger), FUNDS - 16 ether);
    }

    function _openedDispute() internal returns (uint256) {
        (, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        return _dispute(batch, 0, 1);
    }

    function test_Concedes() external {
        bytes memory data = abi.encodeCall(IAnnex.concede, (_openedDispute()));
        _expectRefused(
            STRANGER_KEY,
            data,
            abi.encodeWithSelector(IMarketErrors.NotTheProvider.selector, provider, stranger)
        );
        _relay(PROVIDER_KEY, data);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(_balance(provider), FUNDS - 1 ether);
    }

    /// @dev A device has no money: it asks for its call to be sent for nothing.
    function test_ConcedesByADevice() external {
        _send(DEVICE_KEY, abi.encodeCall(IAnnex.concede, (_openedDispute())), 0);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(_balance(provider), FUNDS);
    }

    function test_ASmartAccountSigns() external {
        SmartAccount account = new SmartAccount();
        vm.prank(requester);
        market.withdraw(50 ether, address(account));
        vm.startPrank(address(account));
        token.approve(address(market), 50 ether);
        market.deposit(50 ether);
        vm.stopPrank();
        Request memory request =
            Request(address(account), _stakeOne(), 1 ether, uint40(_now() + 1), 1);
        _expect(_badSignature(address(account)));
        market.relay(request, 1 ether, "anything");
        account.approve(_digest(RequestHash.hash(request)));
        vm.prank(relayer);
        market.relay(request, 1 ether, "anything");
        vm.assertEq(_stakeOf(address(account)), 1 ether);
        vm.assertEq(_balance(address(account)), 48 ether);
    }

    // ------------------------------------------------------------------------------ refusing

    function test_RevertWhen_TheFeeIsOverItsCap() external {
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        _expect(abi.encodeWithSelector(IMarketErrors.FeeOverCap.selector, 1 ether + 1, 1 ether));
        market.relay(request, 1 ether + 1, signature);
        market.relay(request, 1 ether, signature);
    }

    function test_RevertWhen_Expired() external {
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        vm.warp(request.notAfter + 1);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.SignatureExpired.selector, request.notAfter, _now()
            )
        );
        market.relay(request, 0, signature);
        vm.warp(request.notAfter);
        market.relay(request, 0, signature);
    }

    function test_RevertWhen_Replayed() external {
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        market.relay(request, 1 ether, signature);
        _expect(abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, provider, 9));
        market.relay(request, 1 ether, signature);
        vm.assertEq(_stakeOf(provider), 1 ether);
    }

    /// @dev A nonce is one, whatever was signed under it.
    function test_RevertWhen_TheNonceServedADelegationOrWasBurnt() external {
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 1);
        _expect(abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, provider, 1));
        market.relay(request, 1 ether, signature);
        (request, signature) = _request(PROVIDER_KEY, _stakeOne(), 1 ether, 2);
        vm.prank(provider);
        market.burnNonce(2);
        _expect(abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, provider, 2));
        market.relay(request, 1 ether, signature);
    }

    function test_RevertWhen_TheNonceIsOfAnotherEpoch() external {
        uint256 later = uint256(1) << 248;
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, later);
        _expect(
            abi.encodeWithSelector(IMarketErrors.NonceOfAnotherEpoch.selector, provider, later, 0)
        );
        market.relay(request, 1 ether, signature);
        (Request memory now_, bytes memory signatureNow) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        vm.prank(provider);
        market.cancelAll();
        _expect(abi.encodeWithSelector(IMarketErrors.NonceOfAnotherEpoch.selector, provider, 9, 1));
        market.relay(now_, 1 ether, signatureNow);
        market.relay(request, 1 ether, signature);
    }

    function test_RevertWhen_ForgedOrChanged() external {
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        bytes memory forged = _sign(STRANGER_KEY, RequestHash.hash(request));
        bytes memory byDevice = _sign(DEVICE_KEY, RequestHash.hash(request));
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, forged);
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, byDevice); // no device moves money
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, "");
        request.from = requester;
        _expect(_badSignature(requester));
        market.relay(request, 1 ether, signature);
        request.from = provider;
        request.data = abi.encodeCall(IMarketCore.stake, (2 ether));
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, signature);
        request.data = _stakeOne();
        request.maxFeeWei = 2 ether;
        _expect(_badSignature(provider));
        market.relay(request, 2 ether, signature);
        request.maxFeeWei = 1 ether;
        request.notAfter += 1;
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, signature);
        request.notAfter -= 1;
        request.nonce = 10;
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, signature);
        request.nonce = 9;
        market.relay(request, 1 ether, signature);
    }

    function test_RevertWhen_TheSignerIsNobody() external {
        Request memory request = Request(address(0), _stakeOne(), 0, uint40(_now()), 0);
        _expect(_badSignature(address(0)));
        market.relay(request, 0, new bytes(65));
    }

    function test_RevertWhen_SignedForAnotherChainOrContract() external {
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        vm.chainId(1);
        _expect(_badSignature(provider));
        market.relay(request, 1 ether, signature);
        vm.chainId(31_337);
        IMarket other = _deployMarket(address(token), address(beacon), address(1), _params());
        _expect(_badSignature(provider));
        other.relay(request, 0, signature);
        IMarket annex = IMarket(market.annex());
        _expect(_badSignature(provider));
        annex.relay(request, 0, signature);
    }

    function test_RevertWhen_ARelayIsRelayed() external {
        (Request memory inner, bytes memory signature) =
            _request(PROVIDER_KEY, _stakeOne(), 1 ether, 9);
        _expectRefused(
            REQUESTER_KEY,
            abi.encodeCall(IAnnex.relay, (inner, 1 ether, signature)),
            abi.encodeWithSelector(IMarketErrors.RelayInRelay.selector)
        );
        vm.assertFalse(market.isNonceUsed(provider, 9));
    }

    function test_RevertWhen_TheCallFails() external {
        uint96 tooMuch = uint96(FUNDS + 1);
        bytes memory data = abi.encodeCall(IMarketCore.withdraw, (tooMuch, stranger));
        (Request memory request, bytes memory signature) = _request(REQUESTER_KEY, data, 1 ether, 9);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, requester, tooMuch, FUNDS
            )
        );
        vm.prank(relayer);
        market.relay(request, 1 ether, signature);
        vm.assertEq(_balance(requester), FUNDS);
        vm.assertEq(_balance(relayer), 0);
        vm.assertFalse(market.isNonceUsed(requester, 9));
        vm.prank(requester);
        market.deposit(2 ether);
        vm.prank(relayer);
        market.relay(request, 1 ether, signature);
        vm.assertEq(token.balanceOf(stranger), FUNDS + 1);
    }

    function test_RevertWhen_NothingIsLeftForTheFee() external {
        bytes memory data = abi.encodeCall(IMarketCore.withdraw, (uint96(FUNDS), stranger));
        _expectRefused(
            REQUESTER_KEY,
            data,
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, requester, 1 ether, 0
            )
        );
        vm.assertEq(token.balanceOf(stranger), 0);
        vm.assertEq(_balance(requester), FUNDS);
        vm.assertFalse(market.isNonceUsed(requester, nonce));
    }

    function test_RevertWhen_TheCallNamesNoFunction() external {
        bytes memory error_ = abi.encodeWithSelector(Errors.FailedCall.selector);
        _expectRefused(REQUESTER_KEY, "", error_);
        _expectRefused(REQUESTER_KEY, hex"12345678", error_);
    }

    // ------------------------------------------------------------------------------ deputies

    /// @dev An operator that relays for all comers must not commit what they sign.
    function test_ARelayingOperatorCommitsNothingOfItsOwn() external {
        bytes32 jobId = _openDefault();
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.provider = stranger;
        LeaseResult[] memory leases = _one(lease);
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(STRANGER_KEY, leases);
        bytes memory data = abi.encodeCall(
            IMarketCore.commitBatch, (_jobsOf(batch), _partiesOf(batch), batch.lines, signatures)
        );
        (Request memory request, bytes memory signature) = _request(STRANGER_KEY, data, 0, 9);
        _expect(
            abi.encodeWithSelector(IMarketErrors.WrongOperator.selector, jobId, operator, stranger)
        );
        vm.prank(operator);
        market.relay(request, 0, signature);
    }

    function test_AnOperatorsCommitmentIsRelayed() external {
        bytes32 jobId = _openDefault();
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        bytes memory data = abi.encodeCall(
            IMarketCore.commitBatch, (_jobsOf(batch), _partiesOf(batch), batch.lines, signatures)
        );
        _send(OPERATOR_KEY, data, 0);
        vm.assertEq(_stateOf(jobId).committedTasks, 4);
    }

    function test_AGuardiansPauseIsRelayed() external {
        guardian = requester;
        _deploy();
        _fund(requester);
        _relay(REQUESTER_KEY, abi.encodeCall(IAnnex.pauseIntake, (1 days)));
        (uint40 until,) = market.intakePause();
        vm.assertEq(until, _now() + 1 days);
    }

    function test_ARelayingGuardianPausesNothing() external {
        bytes memory data = abi.encodeCall(IAnnex.pauseIntake, (1 days));
        (Request memory request, bytes memory signature) = _request(STRANGER_KEY, data, 0, 9);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheGuardian.selector, guardian, stranger));
        vm.prank(guardian);
        market.relay(request, 0, signature);
    }

    // ------------------------------------------------------------------------------ hooks

    /// @dev A market for a token that calls back, in which the requester has 100 credits.
    function _useCallingToken() internal returns (CallingToken calling) {
        calling = new CallingToken();
        market = _deployMarket(address(calling), address(beacon), address(1), _params());
        calling.transfer(requester, 100 ether);
        vm.startPrank(requester);
        calling.approve(address(market), 100 ether);
        market.deposit(100 ether);
        vm.stopPrank();
    }

    function _withdrawWhile(CallingToken calling, bytes memory data) internal {
        calling.callNext(address(market), data);
        _relay(REQUESTER_KEY, abi.encodeCall(IMarketCore.withdraw, (10 ether, stranger)));
    }

    function test_ATokenThatCallsBackActsForItself() external {
        CallingToken calling = _useCallingToken();
        _withdrawWhile(calling, abi.encodeCall(IAnnex.cancelAll, ()));
        vm.assertTrue(calling.isDone());
        vm.assertEq(market.account(address(calling)).epoch, 1);
        vm.assertEq(market.account(requester).epoch, 0);
    }

    function test_ATokenThatCallsBackSpendsNothingOfTheSigners() external {
        CallingToken calling = _useCallingToken();
        bytes memory error_ = abi.encodeWithSelector(
            IMarketErrors.InsufficientBalance.selector, address(calling), 1 ether, 0
        );
        _withdrawWhile(calling, _stakeOne());
        vm.assertFalse(calling.isDone());
        vm.assertEq(keccak256(calling.reply()), keccak256(error_));
        vm.assertEq(_balance(requester), 89 ether);
        vm.assertEq(_stakeOf(requester), 0);
    }

    /// @dev The signer's other request, or another's: each is for who signed it, and paid by it.
    function test_ATokenThatCallsBackMayRelay() external {
        CallingToken calling = _useCallingToken();
        (Request memory inner, bytes memory signature) =
            _request(REQUESTER_KEY, _stakeOne(), 1 ether, 7);
        _withdrawWhile(calling, abi.encodeCall(IAnnex.relay, (inner, 1 ether, signature)));
        vm.assertTrue(calling.isDone());
        vm.assertEq(_stakeOf(requester), 1 ether);
        vm.assertEq(_balance(requester), 87 ether);
        vm.assertEq(_balance(address(calling)), 1 ether);
        vm.assertEq(_balance(relayer), 1 ether);
        inner.nonce = 8;
        inner.from = provider;
        inner.data = abi.encodeCall(IAnnex.cancelAll, ());
        signature = _sign(PROVIDER_KEY, RequestHash.hash(inner));
        _withdrawWhile(calling, abi.encodeCall(IAnnex.relay, (inner, 0, signature)));
        vm.assertTrue(calling.isDone());
        vm.assertEq(market.account(provider).epoch, 1);
        vm.assertEq(market.account(requester).epoch, 0);
    }

    /// @dev The same request again, while it is being made.
    function test_ATokenThatCallsBackReplaysNothing() external {
        CallingToken calling = _useCallingToken();
        bytes memory data = abi.encodeCall(IMarketCore.withdraw, (10 ether, stranger));
        (Request memory request, bytes memory signature) = _request(REQUESTER_KEY, data, 1 ether, 9);
        calling.callNext(
            address(market), abi.encodeCall(IAnnex.relay, (request, 1 ether, signature))
        );
        market.relay(request, 1 ether, signature);
        vm.assertFalse(calling.isDone());
        vm.assertEq(
            keccak256(calling.reply()),
            keccak256(abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, requester, 9))
        );
        vm.assertEq(_balance(requester), 89 ether);
    }

    /// @dev A test is one transaction: whatever `relay` leaves behind is still there.
    function test_TheNextCallActsForItsOwnSender() external {
        vm.prank(provider);
        market.stake(5 ether);
        vm.prank(provider);
        market.requestUnstake(5 ether);
        vm.warp(_now() + 1000);
        _relay(REQUESTER_KEY, abi.encodeCall(IMarketCore.unstake, (provider))); // asks for nobody
        vm.prank(stranger);
        market.cancelAll();
        vm.assertEq(market.account(stranger).epoch, 1);
        vm.assertEq(market.account(requester).epoch, 0);
        _expectRefused(
            REQUESTER_KEY,
            abi.encodeCall(IMarketCore.unstake, (provider)),
            abi.encodeWithSelector(IMarketErrors.NothingUnstaking.selector, provider)
        );
        vm.prank(stranger);
        market.cancelAll();
        vm.assertEq(market.account(stranger).epoch, 2);
        vm.assertEq(market.account(requester).epoch, 0);
    }
}
