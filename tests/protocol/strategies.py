"""Hypothesis strategies of the protocol's values."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from hypothesis import strategies as st

from protocol.audit import AuditCommitment, AuditResult, ToleranceCommitment
from protocol.delegation import Delegation
from protocol.job import Cancellation, Job
from protocol.lease import Lease, LeaseResult
from protocol.offer import Offer
from protocol.request import Request
from protocol.session import Login
from protocol.spec import (
    CPU_CLASSES,
    MAX_FUEL,
    MAX_MEMORY_BYTES,
    MAX_OUTPUT_BYTES,
    MAX_WALL_SECONDS,
    ContainerRuntime,
    Limits,
    Resources,
    Spec,
    WasmRuntime,
)
from protocol.typed_data import TypedMessage, snake_case
from protocol.units import Address, Bytes32, ContentId, content_id
from protocol.verification import (
    DTYPES,
    MAX_DIMENSIONS,
    Close,
    Comparator,
    Cosine,
    Custom,
    Psnr,
)

MESSAGE_TYPES: tuple[type[TypedMessage], ...] = (
    AuditCommitment,
    AuditResult,
    Cancellation,
    Delegation,
    Job,
    Lease,
    LeaseResult,
    Login,
    Offer,
    Request,
    ToleranceCommitment,
)

bytes32s = st.binary(min_size=32, max_size=32).map(Bytes32)
addresses = st.binary(min_size=20, max_size=20).map(lambda b: Address(to_checksum_address(b)))
content_ids: st.SearchStrategy[ContentId] = st.binary(max_size=8).map(content_id)


def _account(number: int) -> LocalAccount:
    account: LocalAccount = Account.from_key(number.to_bytes(32, "big"))
    return account


accounts = st.integers(1, 2**200).map(_account)


def uints(bits: int) -> st.SearchStrategy[int]:
    """Any integer of that many bits, its ends often."""
    return st.sampled_from([0, 1, 2**bits - 1]) | st.integers(0, 2**bits - 1)


def field(solidity_type: str) -> st.SearchStrategy[Any]:
    """Any value of a Solidity type."""
    if solidity_type == "address":
        return addresses
    if solidity_type == "bytes32":
        return bytes32s
    if solidity_type == "bytes":
        return st.binary(max_size=100)
    return uints(int(solidity_type.removeprefix("uint")))


def messages_of(kind: type[TypedMessage]) -> st.SearchStrategy[TypedMessage]:
    """Any message of one type."""
    return st.builds(kind, **{snake_case(name): field(type_) for name, type_ in kind.TYPE})


messages = st.sampled_from(MESSAGE_TYPES).flatmap(messages_of)

_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_environments = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True), _words, max_size=4
).map(lambda variables: tuple(sorted(variables.items())))
_wasm = st.builds(WasmRuntime, content_ids)
_containers = st.builds(
    ContainerRuntime,
    content_ids,
    st.lists(_words, min_size=1, max_size=4).map(tuple),
    _environments,
)
_resources = st.builds(
    Resources,
    st.integers(1, 1_024_000),
    st.integers(1 << 16, MAX_MEMORY_BYTES),
    st.integers(0, MAX_MEMORY_BYTES),
    st.none() | st.sampled_from(CPU_CLASSES),
)
_dtypes = st.sampled_from(DTYPES)
_portions = st.sampled_from(["0", "1", "1e-6", "0.5", "0.000001", "0.9999", "12.5e-3"])
comparators: st.SearchStrategy[Comparator] = st.one_of(
    st.builds(Close, _dtypes, _portions | st.sampled_from(["1e30", "7", "123.25"]), _portions),
    st.builds(Cosine, _dtypes, st.integers(1, MAX_DIMENSIONS), _portions),
    st.builds(Psnr, st.integers(0, 200).map(str) | _portions),
    st.builds(Custom, content_ids),
)
_labels = st.text(max_size=80).filter(str.isprintable)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Any valid spec."""
    runtime = draw(_wasm | _containers)
    fuel = draw(st.integers(1, MAX_FUEL)) if isinstance(runtime, WasmRuntime) else 0
    wall_seconds = draw(st.integers(1, MAX_WALL_SECONDS))
    return Spec(
        runtime=runtime,
        resources=draw(_resources),
        limits=Limits(wall_seconds, fuel, draw(st.integers(1, MAX_OUTPUT_BYTES))),
        task_list=draw(content_ids),
        shared_inputs=tuple(draw(st.lists(content_ids, max_size=3))),
        comparator=draw(st.none() | comparators),
        label=draw(_labels),
    )
