"""The vectors that Solidity is held against are the ones that Python computes now."""

from __future__ import annotations

import json

from protocol.audit import AuditResult
from protocol.delegation import Delegation
from protocol.job import Cancellation, Job
from protocol.lease import LeaseResult
from protocol.request import Request
from protocol.typed_data import Domain, TypedMessage, parse_signature
from tests.protocol import make_vectors


def test_the_committed_file_is_current() -> None:
    """After a change of the protocol: python -m tests.protocol.make_vectors"""
    assert make_vectors.PATH.read_text(encoding="utf-8") == make_vectors.text()


def test_every_signature_in_the_file_recovers_to_its_signer() -> None:
    file = json.loads(make_vectors.PATH.read_text(encoding="utf-8"))
    domain = Domain(int(file["domain"]["chainId"]), file["domain"]["market"])
    kinds: dict[str, type[TypedMessage]] = {
        "jobs": Job,
        "leaseResults": LeaseResult,
        "delegations": Delegation,
        "auditResults": AuditResult,
        "cancellations": Cancellation,
        "requests": Request,
    }
    for name, kind in kinds.items():
        assert len(file[name]) == 3
        for case in file[name]:
            message = kind.from_json(case["message"])
            assert message.signer(domain, parse_signature(case["signature"])) == case["signer"]
