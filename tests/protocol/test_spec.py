"""Specs: one canonical text each, and every broken rule is named."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.canonical import canonical_bytes
from protocol.errors import InvalidSpec
from protocol.spec import MAX_SPEC_BYTES, ContainerRuntime, Spec, decode_task_list, encode_task_list
from protocol.units import ContentId, content_digest, content_id
from protocol.verification import Custom
from tests.protocol.strategies import content_ids, specs

BLOB = content_id(b"blob")
WASM: dict[str, Any] = {
    "version": 1,
    "runtime": {"kind": "wasm", "module": BLOB},
    "resources": {"cpu_millis": 1000, "memory_bytes": 1 << 28, "disk_bytes": 0},
    "limits": {"wall_seconds": 60, "fuel": 10**11, "output_bytes": 1 << 20},
    "inputs": {"tasks": BLOB, "shared": [BLOB]},
    "verification": "exact",
    "label": "embeddings",
}
CONTAINER: dict[str, Any] = {
    **WASM,
    "runtime": {
        "kind": "container",
        "image": BLOB,
        "command": ["python3", "/work/inputs/shared/0"],
        "environment": {"LANG": "C"},
    },
    "limits": {"wall_seconds": 60, "fuel": 0, "output_bytes": 1 << 20},
}
TOLERANT: dict[str, Any] = {
    **WASM,
    "verification": {
        "class": "tolerance",
        "comparator": {"kind": "close", "dtype": "float32", "absolute": "0", "relative": "1e-5"},
    },
}
BEFORE_CPU_CLASSES = "1dc5f9a8f25c6a75a330290e363d89b3552dc1ede0ed47ec06a1ed4c6d7e2249"
JUNK: list[Any] = [None, "", "x", -1, True, 1.5, 2**80, 10**4999, [], {}, [[]], "\ud800"]

WRONG: list[tuple[dict[str, Any], str, list[Any]]] = [
    (WASM, "version", [*JUNK, 0, 2, 1.0, "1"]),
    (WASM, "runtime", JUNK),
    (WASM, "runtime.kind", JUNK),
    (WASM, "runtime.module", [*JUNK, BLOB.upper()]),
    (WASM, "resources", JUNK),
    (WASM, "resources.cpu_millis", [*JUNK, 0, 1_024_001, 1000.0, "1000"]),
    (WASM, "resources.memory_bytes", [*JUNK, 65535, (1 << 40) + 1]),
    (WASM, "resources.disk_bytes", [*JUNK, (1 << 40) + 1]),
    (WASM, "resources.cpu_class", [*JUNK, "x86-64", "x86-64-v5", "X86-64-V3", ["arm64"]]),
    (WASM, "limits", JUNK),
    (WASM, "limits.wall_seconds", [*JUNK, 0, 86401]),
    (WASM, "limits.fuel", [*JUNK, 0, 2**53]),
    (WASM, "limits.output_bytes", [*JUNK, 0, 2**32 + 1]),
    (WASM, "inputs", JUNK),
    (WASM, "inputs.tasks", [*JUNK, [BLOB]]),
    (WASM, "inputs.shared", [None, "x", 1, {}, BLOB, [1], [BLOB] * 17, [None]]),
    (WASM, "verification", [*JUNK, "tolerance", "EXACT", {"class": "exact"}]),
    (WASM, "verification", [{"class": "tolerance"}, {"comparator": {"kind": "close"}}]),
    (TOLERANT, "verification.class", [*JUNK, "exact"]),
    (TOLERANT, "verification.comparator", JUNK),
    (TOLERANT, "verification.comparator.kind", [*JUNK, "Close", "equal"]),
    (WASM, "label", [None, 1, [], "a\n", "x" * 81, "\x7f", "\u202e", "\u2028", "\ud800", b"a"]),
    (CONTAINER, "runtime.image", JUNK),
    (CONTAINER, "runtime.command", [None, "ls", [], ["a\x00"], [1], ["x"] * 65, ["\udfff"], {}]),
    (CONTAINER, "runtime.environment", [None, [], "A=1", {"": "x"}, {"A B": "x"}, {"1A": "x"}]),
    (CONTAINER, "runtime.environment", [{"A": 1}, {"A": "\x00"}, {"A": "\ud800"}, {"A\n": "x"}]),
    (CONTAINER, "limits.fuel", [1, True, -1]),
]


def _with(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(base)
    *parents, last = path.split(".")
    inner = changed
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    return changed


@pytest.mark.parametrize(("base", "path", "values"), WRONG, ids=[path for _, path, _ in WRONG])
def test_every_malformed_field_is_named(base: dict[str, Any], path: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(InvalidSpec, match=path.replace(".", r"\.")) as caught:
            Spec.from_json(_with(base, path, value))
        assert len(caught.value.message) < 300


@pytest.mark.parametrize("base", [WASM, CONTAINER, TOLERANT], ids=["wasm", "container", "tolerant"])
def test_fields_must_be_there_and_no_others(base: dict[str, Any]) -> None:
    Spec.from_json(base)
    for name, inner in base.items():
        with pytest.raises(InvalidSpec, match=name):
            Spec.from_json({n: v for n, v in base.items() if n != name})
        if isinstance(inner, dict):
            for missing in inner:
                with pytest.raises(InvalidSpec, match=missing):
                    Spec.from_json({**base, name: {n: v for n, v in inner.items() if n != missing}})
            with pytest.raises(InvalidSpec, match=name):
                Spec.from_json({**base, name: {**inner, "extra": 1}})
    with pytest.raises(InvalidSpec):
        Spec.from_json({**base, "extra": 1})


@pytest.mark.parametrize("value", [None, [], "spec", 1, b"{}"])
def test_what_is_no_spec_at_all(value: object) -> None:
    with pytest.raises(InvalidSpec):
        Spec.from_json(value)


@given(specs())
def test_round_trip(spec: Spec) -> None:
    assert Spec.from_json(spec.to_json()) == spec
    assert Spec.from_bytes(spec.canonical()) == spec
    assert content_digest(spec.blob_id) == spec.hash
    assert spec.blob_id == content_id(spec.canonical())


def test_a_spec_that_demands_no_cpu_class_has_the_id_that_it_always_had() -> None:
    assert Spec.from_json(WASM).hash.hex() == BEFORE_CPU_CLASSES
    demanding = _with(WASM, "resources.cpu_class", "x86-64-v3")
    assert Spec.from_json(demanding).to_json() == demanding


@given(specs(), specs())
def test_two_specs_have_two_hashes(one: Spec, other: Spec) -> None:
    assert (one.hash == other.hash) == (one == other)


@given(specs())
def test_blobs_are_the_code_the_shared_inputs_and_a_custom_comparator(spec: Spec) -> None:
    code, *others = spec.blobs
    assert code in spec.to_json()["runtime"].values()
    module = [spec.comparator.module] if isinstance(spec.comparator, Custom) else []
    assert others == [*spec.shared_inputs, *module]
    assert spec.task_list not in spec.blobs[:0]
    assert spec.to_json()["runtime"]["kind"] in ("wasm", "container")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b" " + data,
        lambda data: data + b"\n",
        lambda data: data.replace(b'"version":1', b'"version":1.0'),
        lambda data: data.replace(b'"version":1', b'"version":true'),
        lambda data: data.replace(b'"label"', b'"lab\\u0065l"'),
        lambda data: data.replace(b'"version":1', b'"version":1,"version":1'),
        lambda data: data[:-1],
        lambda data: b"[" * 10_000,
        lambda data: b"\xff" + data,
        lambda data: data + b" " * MAX_SPEC_BYTES,
    ],
)
def test_other_texts_of_a_spec_are_refused(change: Any) -> None:
    data = Spec.from_json(WASM).canonical()
    with pytest.raises(InvalidSpec):
        Spec.from_bytes(change(data))


def test_another_order_of_keys_is_refused() -> None:
    spec = Spec.from_json(WASM)
    head, _, tail = spec.canonical().decode()[1:-1].partition(",")
    with pytest.raises(InvalidSpec):
        Spec.from_bytes(f"{{{tail},{head}}}".encode())


def test_a_spec_is_bounded_however_it_comes() -> None:
    with pytest.raises(InvalidSpec, match="at most"):
        Spec.from_json(_with(CONTAINER, "runtime.command", ["x" * MAX_SPEC_BYTES]))


def test_environment_variables_stand_once_and_in_order() -> None:
    spec = Spec.from_json(CONTAINER)
    for environment in ((("B", ""), ("A", "")), (("A", "1"), ("A", "2"))):
        with pytest.raises(InvalidSpec, match=r"runtime\.environment"):
            Spec(
                runtime=ContainerRuntime(BLOB, ("ls",), environment),
                resources=spec.resources,
                limits=spec.limits,
                task_list=BLOB,
            )


@given(st.lists(content_ids, max_size=20))
def test_task_lists_round_trip(inputs: list[ContentId]) -> None:
    assert decode_task_list(encode_task_list(inputs), len(inputs)) == tuple(inputs)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b'["x"]',
        b"[1]",
        canonical_bytes([BLOB, BLOB]),
        b'["' + BLOB.encode() + b'"',
        b"[" * 10_000,
    ],
)
def test_what_is_no_task_list(data: bytes) -> None:
    with pytest.raises(InvalidSpec, match="task list"):
        decode_task_list(data, 1)
