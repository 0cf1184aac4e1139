// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../src/interfaces/IMarket.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {Pricing} from "../src/libraries/Pricing.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {
    AuditCommitment,
    AuditCommitmentHash,
    AuditResult,
    AuditResultHash
} from "../src/types/AuditResult.sol";
import {
    Batch,
    BatchId,
    JobRef,
    LeaseLine,
    OwnerFields,
    Party,
    PartyFields
} from "../src/types/Batch.sol";
import {Cancellation, CancellationHash} from "../src/types/Cancellation.sol";
import {Delegation, DelegationHash} from "../src/types/Delegation.sol";
import {Job, JobHash} from "../src/types/Job.sol";
import {LeaseResult, LeaseResultHash} from "../src/types/LeaseResult.sol";
import {LeaseTerms, LeaseTermsFields} from "../src/types/LeaseTerms.sol";
import {Request, RequestHash} from "../src/types/Request.sol";
import {TaskResult} from "../src/types/TaskResult.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Fixture} from "./Fixture.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice Holds every hash, signature, draw and price against those of Python
/// (tests/protocol/make_vectors.py writes vectors.json).
contract VectorsTest is Fixture {
    struct Signed {
        bytes32 structHash;
        bytes32 digest;
        bytes signature;
        bytes32 r;
        bytes32 vs;
        address signer;
    }

    /// @dev The other messages have one size each: their encoding is that of the message alone.
    struct SignedRequest {
        Request message;
    }

    struct Tree {
        bytes32[] leaves;
        bytes32 root;
        bytes32[][] proofs;
    }

    struct Leaf {
        bytes32 leaseId;
        uint32 task;
        bytes32 digest;
        bytes32 salt;
        bytes32 leaf;
    }

    struct Root {
        bytes32 leaseId;
        uint32 firstTask;
        bytes32[] digests;
        bytes32[] salts;
        bytes32[][] proofs;
        bytes32 root;
    }

    struct Line {
        bytes32 leaseId;
        bytes32 resultRoot;
        uint256 terms;
        LeaseResult result;
        uint32 auditRatePpm;
    }

    struct Known {
        address operator;
        Ref[] jobs;
        Provider[] providers;
        Line[] lines;
        bytes32 batchId;
    }

    struct Ref {
        bytes32 jobId;
        address requester;
        uint32 taskCount;
    }

    struct Provider {
        address wallet;
        uint96 stakeWei;
    }

    struct Vote {
        address verifier;
        bytes32 digest;
        bytes32 salt;
        bytes32 commitment;
    }

    struct Rounds {
        bytes32 seed;
        bytes32 leaseId;
        uint32 task;
        uint32 ratePpm;
        uint256 rounds;
    }

    struct SeatDraw {
        bytes32 seed;
        bytes32 leaseId;
        uint32 task;
        uint256 attempt;
        uint32 seatCount;
        uint32 index;
    }

    struct CommitteeDraw {
        bytes32 seed;
        uint256 disputeId;
        uint256 attempt;
        uint32 seatCount;
        uint32 index;
    }

    struct Rate {
        uint256 priceWei;
        uint256 stakeWei;
        uint32 ratePpm;
    }

    struct Fee {
        uint256 priceWei;
        uint256 feeWei;
    }

    struct Bond {
        uint256 priceWei;
        uint256 amountWei;
        uint256 leastWei;
        uint256 bondWei;
    }

    string internal constant SIGNED =
        "S(bytes32 structHash,bytes32 digest,bytes signature,bytes32 r,bytes32 vs,address signer)";
    string internal constant RESULT =
        "(bytes32 leaseId,bytes32 jobId,address provider,uint32 firstTask,uint32 count,uint96 amount,bytes32 resultRoot)";

    string internal json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors.json");
    }

    /// @dev A whole list at once, by the Solidity type of its items.
    function _list(string memory name, string memory type_) internal view returns (bytes memory) {
        return vm.parseJsonTypeArray(json, string.concat(".", name), type_);
    }

    /// @dev The messages of a list of signed ones, by the fields of a message.
    function _messages(string memory name, string memory fields)
        internal
        view
        returns (bytes memory)
    {
        return _list(name, string.concat("S(M message)M", fields));
    }

    /// @dev The struct hashes, the digests under the vectors' domain, and who signed them.
    function _checkSigned(string memory name, bytes32[] memory hashes) internal view {
        Signed[] memory signed = abi.decode(_list(name, SIGNED), (Signed[]));
        bytes32 separator = vm.parseJsonBytes32(json, ".domain.separator");
        vm.assertTrue(signed.length > 0, name);
        vm.assertEq(signed.length, hashes.length, name);
        for (uint256 i; i < signed.length; ++i) {
            vm.assertEq(hashes[i], signed[i].structHash, name);
            bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, hashes[i]));
            vm.assertEq(digest, signed[i].digest, name);
            vm.assertEq(ECDSA.recover(digest, signed[i].signature), signed[i].signer);
            vm.assertEq(ECDSA.recover(digest, signed[i].r, signed[i].vs), signed[i].signer);
        }
    }

    // ------------------------------------------------------------------------------ signed

    function test_Domain() external {
        address there = vm.parseJsonAddress(json, ".domain.market");
        vm.etch(there, address(market).code); // the annex's address is in it
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));
        bytes32 separator = vm.parseJsonBytes32(json, ".domain.separator");
        vm.assertEq(IMarket(there).domainSeparator(), separator);
    }

    function test_Jobs() external view {
        Job[] memory jobs = abi.decode(
            _messages(
                "jobs",
                "(address requester,address operator,address token,bytes32 specHash,uint32 taskCount,uint96 maxPricePerTask,uint96 auditBudget,uint96 relayerFee,uint40 notBefore,uint40 deadline,uint256 nonce)"
            ),
            (Job[])
        );
        bytes32[] memory hashes = new bytes32[](jobs.length);
        for (uint256 i; i < jobs.length; ++i) {
            hashes[i] = JobHash.hash(jobs[i]);
        }
        _checkSigned("jobs", hashes);
    }

    function test_LeaseResults() external view {
        LeaseResult[] memory results =
            abi.decode(_messages("leaseResults", RESULT), (LeaseResult[]));
        bytes32[] memory hashes = new bytes32[](results.length);
        for (uint256 i; i < results.length; ++i) {
            hashes[i] = LeaseResultHash.hash(results[i]);
        }
        _checkSigned("leaseResults", hashes);
    }

    function test_Delegations() external view {
        Delegation[] memory delegations = abi.decode(
            _messages(
                "delegations", "(address wallet,address device,uint40 notAfter,uint256 nonce)"
            ),
            (Delegation[])
        );
        bytes32[] memory hashes = new bytes32[](delegations.length);
        for (uint256 i; i < delegations.length; ++i) {
            hashes[i] = DelegationHash.hash(delegations[i]);
        }
        _checkSigned("delegations", hashes);
    }

    function test_AuditResults() external view {
        AuditResult[] memory results = abi.decode(
            _messages(
                "auditResults",
                "(bytes32 batchId,bytes32 leaseId,uint32 task,bytes32 taskDigest,bytes32 salt)"
            ),
            (AuditResult[])
        );
        bytes32[] memory hashes = new bytes32[](results.length);
        for (uint256 i; i < results.length; ++i) {
            hashes[i] = AuditResultHash.hash(results[i]);
        }
        _checkSigned("auditResults", hashes);
    }

    function test_AuditCommitments() external view {
        AuditCommitment[] memory made = abi.decode(
            _messages(
                "auditCommitments",
                "(bytes32 batchId,bytes32 leaseId,uint32 task,bytes32 commitment)"
            ),
            (AuditCommitment[])
        );
        bytes32[] memory hashes = new bytes32[](made.length);
        for (uint256 i; i < made.length; ++i) {
            hashes[i] = AuditCommitmentHash.hash(made[i]);
        }
        _checkSigned("auditCommitments", hashes);
    }

    function test_Cancellations() external view {
        Cancellation[] memory cancellations =
            abi.decode(_messages("cancellations", "(bytes32 jobId)"), (Cancellation[]));
        bytes32[] memory hashes = new bytes32[](cancellations.length);
        for (uint256 i; i < cancellations.length; ++i) {
            hashes[i] = CancellationHash.hash(cancellations[i]);
        }
        _checkSigned("cancellations", hashes);
    }

    function test_Requests() external view {
        SignedRequest[] memory requests = abi.decode(
            _messages(
                "requests",
                "(address from,bytes data,uint96 maxFeeWei,uint40 notAfter,uint256 nonce)"
            ),
            (SignedRequest[])
        );
        bytes32[] memory hashes = new bytes32[](requests.length);
        for (uint256 i; i < requests.length; ++i) {
            hashes[i] = RequestHash.hash(requests[i].message);
        }
        _checkSigned("requests", hashes);
    }

    // ------------------------------------------------------------------------------ results

    function test_Merkle() external view {
        Tree[] memory trees = abi.decode(
            _list("merkle", "T(bytes32[] leaves,bytes32 root,bytes32[][] proofs)"), (Tree[])
        );
        vm.assertTrue(trees.length > 0);
        for (uint256 i; i < trees.length; ++i) {
            bytes32[] memory leaves = trees[i].leaves;
            vm.assertEq(Trees.root(leaves), trees[i].root);
            for (uint256 k; k < leaves.length; ++k) {
                bytes32[] memory proof = trees[i].proofs[k];
                vm.assertTrue(Merkle.verify(leaves[k], k, leaves.length, proof, trees[i].root));
            }
        }
    }

    function test_ResultLeaves() external view {
        Leaf[] memory leaves = abi.decode(
            _list(
                "resultLeaves",
                "L(bytes32 leaseId,uint32 task,bytes32 digest,bytes32 salt,bytes32 leaf)"
            ),
            (Leaf[])
        );
        vm.assertTrue(leaves.length > 0);
        for (uint256 i; i < leaves.length; ++i) {
            Leaf memory l = leaves[i];
            vm.assertEq(TaskResult.leaf(l.leaseId, l.task, l.digest, l.salt), l.leaf);
        }
    }

    function test_ResultRoots() external view {
        Root[] memory roots = abi.decode(
            _list(
                "resultRoots",
                "R(bytes32 leaseId,uint32 firstTask,bytes32[] digests,bytes32[] salts,bytes32[][] proofs,bytes32 root)"
            ),
            (Root[])
        );
        vm.assertTrue(roots.length > 0);
        for (uint256 i; i < roots.length; ++i) {
            Root memory r = roots[i];
            uint256 count = r.digests.length;
            for (uint32 k; k < count; ++k) {
                bytes32 leaf = TaskResult.leaf(r.leaseId, r.firstTask + k, r.digests[k], r.salts[k]);
                vm.assertTrue(Merkle.verify(leaf, k, count, r.proofs[k], r.root));
            }
        }
    }

    function test_Commitments() external view {
        Vote[] memory votes = abi.decode(
            _list(
                "commitments", "V(address verifier,bytes32 digest,bytes32 salt,bytes32 commitment)"
            ),
            (Vote[])
        );
        vm.assertTrue(votes.length > 0);
        for (uint256 i; i < votes.length; ++i) {
            Vote memory v = votes[i];
            vm.assertEq(TaskResult.commitment(v.verifier, v.digest, v.salt), v.commitment);
        }
    }

    // ------------------------------------------------------------------------------ batches

    function test_Batches() external view {
        Known[] memory batches = abi.decode(
            _list(
                "batches",
                string.concat(
                    "K(address operator,J[] jobs,P[] providers,L[] lines,bytes32 batchId)",
                    "J(bytes32 jobId,address requester,uint32 taskCount)",
                    "P(address wallet,uint96 stakeWei)",
                    "L(bytes32 leaseId,bytes32 resultRoot,uint256 terms,M result,uint32 auditRatePpm)",
                    "M",
                    RESULT
                )
            ),
            (Known[])
        );
        vm.assertTrue(batches.length > 0);
        for (uint256 i; i < batches.length; ++i) {
            vm.assertEq(BatchId.idOf(_batchOf(batches[i])), batches[i].batchId);
            for (uint256 k; k < batches[i].lines.length; ++k) {
                _checkLine(batches[i], batches[i].lines[k]);
            }
        }
    }

    function _batchOf(Known memory known) internal pure returns (Batch memory batch) {
        batch.operator = known.operator;
        batch.jobs = new JobRef[](known.jobs.length);
        for (uint256 i; i < batch.jobs.length; ++i) {
            Ref memory ref_ = known.jobs[i];
            batch.jobs[i] = JobRef(ref_.jobId, OwnerFields.pack(ref_.requester, ref_.taskCount));
        }
        batch.providers = new Party[](known.providers.length);
        for (uint256 i; i < batch.providers.length; ++i) {
            batch.providers[i] =
                PartyFields.pack(known.providers[i].wallet, known.providers[i].stakeWei);
        }
        batch.lines = new LeaseLine[](known.lines.length);
        for (uint256 i; i < batch.lines.length; ++i) {
            Line memory line = known.lines[i];
            batch.lines[i] = LeaseLine(line.leaseId, line.resultRoot, LeaseTerms.wrap(line.terms));
        }
    }

    /// @dev The packed terms say what the device signed, and the rate is that of price and stake.
    function _checkLine(Known memory batch, Line memory line) internal pure {
        LeaseTerms terms = LeaseTerms.wrap(line.terms);
        LeaseResult memory result = line.result;
        uint8 provider_ = uint8(terms.provider());
        LeaseTerms packed = LeaseTermsFields.pack(
            uint8(terms.job()), provider_, result.firstTask, uint16(result.count), result.amount
        );
        vm.assertEq(line.terms, LeaseTerms.unwrap(packed));
        vm.assertEq(batch.jobs[terms.job()].jobId, result.jobId);
        vm.assertEq(batch.providers[provider_].wallet, result.provider);
        vm.assertEq(line.leaseId, result.leaseId);
        vm.assertEq(line.resultRoot, result.resultRoot);
        uint96 priceWei = LeaseResultHash.pricePerTask(result);
        uint256 stakeWei = batch.providers[provider_].stakeWei;
        vm.assertEq(Pricing.auditRatePpm(priceWei, stakeWei), line.auditRatePpm);
    }

    // ------------------------------------------------------------------------------ draws, prices

    function test_Draws() external view {
        Rounds[] memory draws = abi.decode(
            _list(
                "draws", "R(bytes32 seed,bytes32 leaseId,uint32 task,uint32 ratePpm,uint256 rounds)"
            ),
            (Rounds[])
        );
        vm.assertTrue(draws.length > 0);
        for (uint256 i; i < draws.length; ++i) {
            Rounds memory d = draws[i];
            vm.assertEq(Sampling.auditRounds(d.seed, d.leaseId, d.task, d.ratePpm), d.rounds);
        }
    }

    function test_SeatDraws() external view {
        SeatDraw[] memory draws = abi.decode(
            _list(
                "seatDraws",
                "D(bytes32 seed,bytes32 leaseId,uint32 task,uint256 attempt,uint32 seatCount,uint32 index)"
            ),
            (SeatDraw[])
        );
        vm.assertTrue(draws.length > 0);
        for (uint256 i; i < draws.length; ++i) {
            SeatDraw memory d = draws[i];
            vm.assertEq(
                Sampling.seatFor(d.seed, d.leaseId, d.task, d.attempt, d.seatCount), d.index
            );
        }
    }

    function test_CommitteeDraws() external view {
        CommitteeDraw[] memory draws = abi.decode(
            _list(
                "committeeDraws",
                "D(bytes32 seed,uint256 disputeId,uint256 attempt,uint32 seatCount,uint32 index)"
            ),
            (CommitteeDraw[])
        );
        vm.assertTrue(draws.length > 0);
        for (uint256 i; i < draws.length; ++i) {
            CommitteeDraw memory d = draws[i];
            vm.assertEq(
                Sampling.committeeSeat(d.seed, d.disputeId, d.attempt, d.seatCount), d.index
            );
        }
    }

    function test_RatesAndFees() external view {
        Rate[] memory rates = abi.decode(
            _list("rates", "R(uint256 priceWei,uint256 stakeWei,uint32 ratePpm)"), (Rate[])
        );
        Fee[] memory fees = abi.decode(_list("fees", "F(uint256 priceWei,uint256 feeWei)"), (Fee[]));
        vm.assertTrue(rates.length > 0 && fees.length > 0);
        for (uint256 i; i < rates.length; ++i) {
            vm.assertEq(
                Pricing.auditRatePpm(rates[i].priceWei, rates[i].stakeWei), rates[i].ratePpm
            );
        }
        for (uint256 i; i < fees.length; ++i) {
            vm.assertEq(Pricing.auditFeeWei(fees[i].priceWei), fees[i].feeWei);
        }
    }

    function test_Bonds() external view {
        Bond[] memory bonds = abi.decode(
            _list(
                "bonds", "B(uint256 priceWei,uint256 amountWei,uint256 leastWei,uint256 bondWei)"
            ),
            (Bond[])
        );
        vm.assertTrue(bonds.length > 0);
        for (uint256 i; i < bonds.length; ++i) {
            Bond memory bond = bonds[i];
            vm.assertEq(Pricing.bondWei(bond.priceWei, bond.amountWei, bond.leastWei), bond.bondWei);
        }
    }
}
