// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CreditToken} from "../src/CreditToken.sol";
import {CommitteeArbiter} from "../src/arbiters/CommitteeArbiter.sol";
import {BlockhashBeacon} from "../src/beacons/BlockhashBeacon.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../src/interfaces/IMarketErrors.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {AuditClaim, AuditRef, AuditResult, AuditResultHash} from "../src/types/AuditResult.sol";
import {
    Batch,
    BatchId,
    JobRef,
    LeaseLine,
    OwnerFields,
    Party,
    PartyFields,
    Signature
} from "../src/types/Batch.sol";
import {BatchState} from "../src/types/BatchState.sol";
import {Delegation, DelegationHash} from "../src/types/Delegation.sol";
import {Job, JobHash} from "../src/types/Job.sol";
import {JobState} from "../src/types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../src/types/LeaseResult.sol";
import {LeaseTerms, LeaseTermsFields} from "../src/types/LeaseTerms.sol";
import {Params} from "../src/types/Params.sol";
import {Request, RequestHash} from "../src/types/Request.sol";
import {Seat} from "../src/types/Seat.sol";
import {TaskResult} from "../src/types/TaskResult.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice A market with funded parties, and the steps that tests take again and again.
/// Time is read through cheatcodes: the compiler takes `block.timestamp` for constant in a function.
abstract contract Fixture {
    uint256 internal constant REQUESTER_KEY = 0xA1;
    uint256 internal constant OPERATOR_KEY = 0xA2;
    uint256 internal constant PROVIDER_KEY = 0xA3;
    uint256 internal constant DEVICE_KEY = 0xA4;
    uint256 internal constant CHALLENGER_KEY = 0xA5;
    uint256 internal constant STRANGER_KEY = 0xA6;
    uint256 internal constant VERIFIER_KEY = 0xB0;
    uint256 internal constant VERIFIERS = 5;
    uint256 internal constant FUNDS = 1_000_000 ether;
    uint256 internal constant START = 1_800_000_000;

    address internal requester = vm.addr(REQUESTER_KEY);
    address internal operator = vm.addr(OPERATOR_KEY);
    address internal provider = vm.addr(PROVIDER_KEY);
    address internal device = vm.addr(DEVICE_KEY);
    address internal challenger = vm.addr(CHALLENGER_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);
    address internal guardian = address(0x6A);
    address internal governor = address(0x60);

    CreditToken internal token;
    BlockhashBeacon internal beacon;
    IMarket internal market;
    CommitteeArbiter internal arbiter;

    mapping(bytes32 jobId => Job) internal _jobOf;
    /// @dev Noted before a batch is committed: a call of ours between would be the one that is expected, or
    /// metered.
    mapping(bytes32 batchId => uint24) internal _seatsOf;
    /// @dev What was committed, encoded: the compiler cannot copy a whole batch to storage.
    mapping(bytes32 batchId => bytes) private _batchData;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(_startBlock());
        _deploy();
        _fund(requester);
        _fund(provider);
        _fund(challenger);
        for (uint256 i; i < VERIFIERS; ++i) {
            _fund(_verifier(i));
            vm.prank(_verifier(i));
            market.takeSeats(1);
        }
        _delegate(PROVIDER_KEY, device, uint40(START + 1 days), 1);
        _forward(1);
    }

    // ------------------------------------------------------------------------------ setting

    function _startBlock() internal pure virtual returns (uint256) {
        return 1000;
    }

    function _params() internal pure virtual returns (Params memory) {
        return Params({
            seatStakeWei: 100 ether,
            disputeBondWei: 10 ether,
            minimumStakeWei: 40 ether,
            seedDelayBlocks: 2,
            disputeWindowSeconds: 100,
            concedeSeconds: 10,
            commitSeconds: 20,
            revealSeconds: 20,
            openSeconds: 20,
            commitGraceSeconds: 60,
            unstakeDelaySeconds: 1000,
            slashMultiple: 60,
            concedeMultiple: 50,
            committeeSize: 3
        });
    }

    function _deploy() internal {
        token = new CreditToken(address(this), 0);
        beacon = new BlockhashBeacon();
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 3);
        market = _deployMarket(address(token), address(beacon), expected, _params());
        arbiter = _deployArbiter();
        vm.assertEq(address(arbiter), expected);
    }

    function _deployArbiter() internal virtual returns (CommitteeArbiter) {
        return CommitteeArbiter(
            vm.deployCode("CommitteeArbiter.sol:CommitteeArbiter", abi.encode(market))
        );
    }

    /// @dev Market is built by another compiler profile than the tests: only its code comes in. So does that
    /// of the rest which is mutated (tools/mutate).
    function _deployMarket(address token_, address beacon_, address arbiter_, Params memory params_)
        internal
        returns (IMarket)
    {
        address terms = vm.deployCode("Terms.sol:Terms", abi.encode(params_, guardian, governor));
        bytes memory shared = abi.encode(token_, beacon_, arbiter_, terms);
        address annex = vm.deployCode("Annex.sol:Annex", shared);
        return IMarket(vm.deployCode("Market.sol:Market", bytes.concat(shared, abi.encode(annex))));
    }

    function _fund(address who) internal {
        token.mint(who, 2 * FUNDS);
        vm.startPrank(who);
        token.approve(address(market), type(uint256).max);
        market.deposit(uint96(FUNDS));
        vm.stopPrank();
    }

    function _verifier(uint256 i) internal pure returns (address) {
        return vm.addr(VERIFIER_KEY + i);
    }

    function _verifierKey(address who) internal pure returns (uint256 key) {
        for (key = VERIFIER_KEY; key < VERIFIER_KEY + VERIFIERS; ++key) {
            if (vm.addr(key) == who) return key;
        }
        revert("not a verifier");
    }

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /// @dev A block takes 2 seconds.
    function _forward(uint256 blocks) internal {
        vm.roll(vm.getBlockNumber() + blocks);
        vm.warp(_now() + 2 * blocks);
    }

    function _wait(uint256 secs) internal {
        vm.roll(vm.getBlockNumber() + 1);
        vm.warp(_now() + secs);
    }

    function _balance(address who) internal view returns (uint256) {
        return market.account(who).balanceWei;
    }

    function _stakeOf(address who) internal view returns (uint256) {
        return market.account(who).stakeWei;
    }

    // ------------------------------------------------------------------------------ signing

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", market.domainSeparator(), structHash));
    }

    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return _signDigest(key, _digest(structHash));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _delegate(uint256 walletKey, address device_, uint40 notAfter, uint256 nonce)
        internal
    {
        Delegation memory delegation = Delegation(vm.addr(walletKey), device_, notAfter, nonce);
        market.delegate(delegation, _sign(walletKey, DelegationHash.hash(delegation)));
    }

    // ------------------------------------------------------------------------------ relaying

    /// @dev A call to Market that `key` signs for anyone to send.
    function _request(uint256 key, bytes memory data, uint96 maxFeeWei, uint256 nonce)
        internal
        view
        returns (Request memory request, bytes memory signature)
    {
        request = Request(vm.addr(key), data, maxFeeWei, uint40(_now() + 1 hours), nonce);
        signature = _sign(key, RequestHash.hash(request));
    }

    // ------------------------------------------------------------------------------ jobs

    function _job() internal view returns (Job memory) {
        return Job({
            requester: requester,
            operator: operator,
            token: address(token),
            specHash: keccak256("spec"),
            taskCount: 20,
            maxPricePerTask: 1 ether,
            auditBudget: 24 ether,
            relayerFee: 0.1 ether,
            notBefore: 0,
            deadline: uint40(START + 1 hours),
            nonce: 1
        });
    }

    function _idOf(Job memory job) internal view returns (bytes32) {
        return _digest(JobHash.hash(job));
    }

    function _open(Job memory job) internal returns (bytes32 jobId) {
        jobId = market.openJob(job, _sign(REQUESTER_KEY, JobHash.hash(job)));
        _jobOf[jobId] = job;
    }

    function _openDefault() internal returns (bytes32) {
        return _open(_job());
    }

    function _stateOf(bytes32 jobId) internal view returns (JobState memory state) {
        (state,) = market.job(jobId);
    }

    // ------------------------------------------------------------------------------ leases

    /// @dev The honest digest of a task.
    function _honest(uint256 task) internal pure returns (bytes32) {
        return keccak256(abi.encode("output", task));
    }

    function _salt(uint256 task) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", task));
    }

    /// @dev The leaves under a lease's resultRoot; `wrong` is the one task whose digest is false.
    function _resultLeaves(bytes32 leaseId, uint32 first, uint32 count, uint256 wrong)
        internal
        pure
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](count);
        for (uint32 i; i < count; ++i) {
            uint32 task = first + i;
            bytes32 digest = task == wrong ? keccak256("wrong") : _honest(task);
            leaves[i] = TaskResult.leaf(leaseId, task, digest, _salt(task));
        }
    }

    uint256 internal constant NO_TASK = type(uint256).max;

    function _lease(bytes32 jobId, uint32 first, uint32 count)
        internal
        view
        returns (LeaseResult memory)
    {
        return _leaseWithFault(jobId, first, count, NO_TASK);
    }

    function _leaseWithFault(bytes32 jobId, uint32 first, uint32 count, uint256 wrong)
        internal
        view
        returns (LeaseResult memory)
    {
        bytes32 leaseId = _leaseId(first, keccak256(abi.encode(jobId, count, _now())));
        return LeaseResult({
            leaseId: leaseId,
            jobId: jobId,
            provider: provider,
            firstTask: first,
            count: count,
            amount: uint96(count) * 1 ether,
            resultRoot: _treeRoot(leaseId, first, count, wrong)
        });
    }

    /// @dev A job's later tasks have higher ids, as a batch takes them in that order.
    function _leaseId(uint32 first, bytes32 rest) internal pure returns (bytes32) {
        return bytes32(uint256(first) << 224 | uint256(rest) >> 32);
    }

    /// @dev The same right results, under ids that rise in the order given.
    function _inOrder(LeaseResult[] memory leases) internal pure returns (LeaseResult[] memory) {
        for (uint32 i; i < leases.length; ++i) {
            LeaseResult memory lease = leases[i];
            lease.leaseId = _leaseId(i, lease.leaseId);
            lease.resultRoot = _treeRoot(lease.leaseId, lease.firstTask, lease.count, NO_TASK);
        }
        return leases;
    }

    function _treeRoot(bytes32 leaseId, uint32 first, uint32 count, uint256 wrong)
        internal
        pure
        returns (bytes32)
    {
        return Trees.root(_resultLeaves(leaseId, first, count, wrong));
    }

    function _one(LeaseResult memory lease) internal pure returns (LeaseResult[] memory leases) {
        leases = new LeaseResult[](1);
        leases[0] = lease;
    }

    function _two(LeaseResult memory first, LeaseResult memory second)
        internal
        pure
        returns (LeaseResult[] memory leases)
    {
        leases = new LeaseResult[](2);
        leases[0] = first;
        leases[1] = second;
    }

    function _signCompact(uint256 key, bytes32 structHash)
        internal
        view
        returns (Signature memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(structHash));
        return Signature(r, bytes32(uint256(v - 27) << 255 | uint256(s)));
    }

    function _signLeases(uint256 key, LeaseResult[] memory leases)
        internal
        view
        returns (Signature[] memory signatures)
    {
        signatures = new Signature[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            signatures[i] = _signCompact(key, LeaseResultHash.hash(leases[i]));
        }
    }

    /// @dev The leases' jobs by rising id, each once.
    function _jobIdsOf(LeaseResult[] memory leases) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](leases.length);
        uint256 count;
        bytes32 latest = 0;
        while (true) {
            bytes32 next = bytes32(type(uint256).max);
            for (uint256 i; i < leases.length; ++i) {
                bytes32 id = leases[i].jobId;
                if (id > latest && id < next) next = id;
            }
            if (next == bytes32(type(uint256).max)) break;
            ids[count++] = latest = next;
        }
        assembly {
            mstore(ids, count)
        }
    }

    function _walletsOf(LeaseResult[] memory leases)
        internal
        pure
        returns (address[] memory wallets)
    {
        wallets = new address[](leases.length);
        uint256 count;
        for (uint256 i; i < leases.length; ++i) {
            uint256 k;
            while (k < count && wallets[k] != leases[i].provider) ++k;
            if (k == count) wallets[count++] = leases[i].provider;
        }
        assembly {
            mstore(wallets, count)
        }
    }

    function _line(LeaseResult memory lease, bytes32[] memory jobIds, address[] memory wallets)
        internal
        pure
        returns (LeaseLine memory)
    {
        uint8 job;
        while (jobIds[job] != lease.jobId) ++job;
        uint8 party;
        while (wallets[party] != lease.provider) ++party;
        return LeaseLine(
            lease.leaseId,
            lease.resultRoot,
            LeaseTermsFields.pack(job, party, lease.firstTask, uint16(lease.count), lease.amount)
        );
    }

    /// @dev What committing these leases now publishes, computed here.
    function _batchOf(LeaseResult[] memory leases) internal returns (Batch memory batch) {
        bytes32[] memory jobIds = _jobIdsOf(leases);
        address[] memory wallets = _walletsOf(leases);
        batch.operator = operator;
        batch.jobs = new JobRef[](jobIds.length);
        for (uint256 i; i < jobIds.length; ++i) {
            Job storage job = _jobOf[jobIds[i]];
            batch.jobs[i] = JobRef(jobIds[i], OwnerFields.pack(job.requester, job.taskCount));
        }
        batch.providers = new Party[](wallets.length);
        for (uint256 i; i < wallets.length; ++i) {
            batch.providers[i] = PartyFields.pack(wallets[i], uint96(_stakeOf(wallets[i])));
        }
        batch.lines = new LeaseLine[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            batch.lines[i] = _line(leases[i], jobIds, wallets);
        }
        _seatsOf[BatchId.idOf(batch)] = market.seatCountAt(uint48(vm.getBlockNumber()));
    }

    function _jobsOf(Batch memory batch) internal view returns (Job[] memory jobs) {
        jobs = new Job[](batch.jobs.length);
        for (uint256 i; i < jobs.length; ++i) {
            jobs[i] = _jobOf[batch.jobs[i].jobId];
        }
    }

    function _partiesOf(Batch memory batch) internal pure returns (address[] memory wallets) {
        wallets = new address[](batch.providers.length);
        for (uint256 i; i < wallets.length; ++i) {
            wallets[i] = batch.providers[i].wallet();
        }
    }

    /// @dev Commit as the operator, with whatever signatures; expectations come just before.
    function _commitSigned(Batch memory batch, Signature[] memory signatures)
        internal
        returns (bytes32 batchId)
    {
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        vm.prank(operator);
        batchId = market.commitBatch(jobs, wallets, batch.lines, signatures);
        _batchData[batchId] = abi.encode(batch);
    }

    /// @dev Commits as the operator. The id is computed here, and checked.
    function _commit(LeaseResult[] memory leases)
        internal
        returns (bytes32 batchId, Batch memory batch)
    {
        batch = _batchOf(leases);
        batchId = _commitSigned(batch, _signLeases(DEVICE_KEY, leases));
        vm.assertEq(batchId, BatchId.idOf(batch));
    }

    /// @dev A batch that was committed here.
    function _committed(bytes32 batchId) internal view returns (Batch memory) {
        return abi.decode(_batchData[batchId], (Batch));
    }

    function _commitOne(LeaseResult memory lease)
        internal
        returns (bytes32 batchId, Batch memory batch)
    {
        return _commit(_one(lease));
    }

    /// @dev Go to where the batch's seed is known.
    function _passSeed(bytes32 batchId) internal {
        uint256 seedBlock = uint256(market.batch(batchId).commitBlock) + _params().seedDelayBlocks;
        if (vm.getBlockNumber() <= seedBlock) _forward(seedBlock + 1 - vm.getBlockNumber());
    }

    function _fixSeed(bytes32 batchId) internal {
        _passSeed(batchId);
        market.fixSeed(batchId);
    }

    /// @dev A batch's seed, from what the beacon tells of its seed block.
    function _seedFrom(bytes32 value, bytes32 batchId) internal pure returns (bytes32) {
        return keccak256(abi.encode(value, batchId));
    }

    function _windowEndsAt(bytes32 batchId) internal view returns (uint256) {
        return uint256(market.batch(batchId).committedAt) + _params().disputeWindowSeconds;
    }

    function _passWindow(bytes32 batchId) internal {
        _passSeed(batchId);
        vm.warp(_windowEndsAt(batchId) + 1);
    }

    // ------------------------------------------------------------------------------ audits

    /// @dev The draw that decides who audits a task in a round.
    function _draw(bytes32 batchId, bytes32 leaseId, uint32 task, uint256 round)
        internal
        view
        returns (address holder, uint32 attempt)
    {
        address first;
        if (round == 1) (first,) = _draw(batchId, leaseId, task, 0);
        for (uint256 i; i < Sampling.MAX_DRAWS; ++i) {
            attempt = uint32(64 * round + i);
            holder = _holderDrawn(batchId, leaseId, task, attempt);
            bool isParty = holder == provider || holder == requester || holder == operator;
            if (holder != address(0) && !isParty && holder != first) return (holder, attempt);
        }
        revert("nobody drawn");
    }

    function _holderDrawn(bytes32 batchId, bytes32 leaseId, uint32 task, uint256 attempt)
        internal
        view
        returns (address)
    {
        BatchState memory state = market.batch(batchId);
        bytes32 seed = market.seedOf(batchId);
        uint32 seats = market.seatCountAt(state.commitBlock);
        uint32 seatId = Sampling.seatFor(seed, leaseId, task, attempt, seats);
        Seat memory seat = market.seat(seatId);
        bool isHeld = Sampling.isHeldAt(seat.takenBlock, seat.vacatedBlock, state.commitBlock);
        return isHeld ? seat.holder : address(0);
    }

    function _claim(bytes32 batchId, Batch memory batch, uint8 line, uint32 task)
        internal
        view
        returns (AuditClaim memory)
    {
        return _claimIn(batchId, batch, line, task, 0);
    }

    /// @dev An honest verifier's claim about an honest lease.
    function _claimIn(bytes32 batchId, Batch memory batch, uint8 line, uint32 task, uint256 round)
        internal
        view
        returns (AuditClaim memory)
    {
        return _claimFor(batchId, batch, line, task, round, NO_TASK);
    }

    /// @dev A claim that finds what the provider found, whose task `wrong` is false.
    function _claimFor(
        bytes32 batchId,
        Batch memory batch,
        uint8 line,
        uint32 task,
        uint256 round,
        uint256 wrong
    ) internal view returns (AuditClaim memory claim) {
        LeaseLine memory given = batch.lines[line];
        (claim.verifier, claim.attempt) = _draw(batchId, given.leaseId, task, round);
        claim.line = line;
        claim.task = task;
        claim.taskDigest = task == wrong ? keccak256("wrong") : _honest(task);
        claim.salt = keccak256("audit");
        AuditResult memory result =
            AuditResult(batchId, given.leaseId, task, claim.taskDigest, claim.salt);
        claim.signature = _sign(_verifierKey(claim.verifier), AuditResultHash.hash(result));
        claim.leafSalt = _salt(task);
        uint32 first = uint32(given.terms.firstTask());
        bytes32[] memory leaves =
            _resultLeaves(given.leaseId, first, uint32(given.terms.count()), wrong);
        claim.proof = Trees.proof(leaves, task - first);
    }

    function _accept(Batch memory batch, AuditClaim memory claim) internal {
        AuditClaim[] memory claims = new AuditClaim[](1);
        claims[0] = claim;
        market.acceptAudits(batch, _seatsOf[BatchId.idOf(batch)], claims);
    }

    function _refs(uint8 line, uint32 task, uint8 round)
        internal
        pure
        returns (AuditRef[] memory refs)
    {
        refs = new AuditRef[](1);
        refs[0] = AuditRef(line, task, round);
    }

    /// @dev Pay an audit that was accepted, in its first round.
    function _payAudit(Batch memory batch, uint8 line, uint32 task) internal {
        market.payAudits(batch, _refs(line, task, 0));
    }

    // ------------------------------------------------------------------------------ disputes

    function _dispute(Batch memory batch, uint8 line, uint32 task) internal returns (uint256) {
        vm.prank(challenger);
        return market.openDispute(batch, line, task);
    }

    /// @dev Have the block named that draws, and go to where it is known.
    function _callCommittee(uint256 disputeId) internal {
        uint256 concedeBy = uint256(market.dispute(disputeId).openedAt) + _params().concedeSeconds;
        if (_now() <= concedeBy) _wait(concedeBy + 1 - _now());
        arbiter.drawCommittee(disputeId);
        _forward(_params().seedDelayBlocks + 1);
    }

    function _drawCommittee(uint256 disputeId) internal returns (address[] memory) {
        _callCommittee(disputeId);
        arbiter.drawCommittee(disputeId);
        return arbiter.committee(disputeId).members;
    }

    function _vote(uint256 disputeId, address member, bytes32 digest) internal {
        bytes32 commitment = TaskResult.commitment(member, digest, keccak256("vote"));
        vm.prank(member);
        arbiter.commitVote(disputeId, commitment);
    }

    function _reveal(uint256 disputeId, address member, bytes32 digest) internal {
        vm.prank(member);
        arbiter.revealVote(disputeId, digest, keccak256("vote"));
    }

    /// @dev Every member votes, and reveals, the same digest.
    function _voteAll(uint256 disputeId, address[] memory members, bytes32 digest) internal {
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], digest);
        }
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], digest);
        }
    }

    function _openClaim(uint256 disputeId, LeaseResult memory lease, uint32 task, uint256 wrong)
        internal
    {
        bytes32[] memory leaves = _resultLeaves(lease.leaseId, lease.firstTask, lease.count, wrong);
        bytes32 digest = task == wrong ? keccak256("wrong") : _honest(task);
        bytes32[] memory proof = Trees.proof(leaves, task - lease.firstTask);
        arbiter.openClaim(disputeId, digest, _salt(task), proof);
    }

    // ------------------------------------------------------------------------------ errors

    function _expect(bytes memory error_) internal {
        vm.expectRevert(error_);
    }

    function _badSignature(address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMarketErrors.BadSignature.selector, signer);
    }
}
