"""The wasm programs, driven through the task ABI."""

import argparse
import hashlib
import inspect
import json
import math
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save_file

from requester.recipes.embeddings import reference
from requester.recipes.embeddings.codec import decode_embeddings, encode_task
from requester.recipes.embeddings.tokenizer import (
    ModelFiles,
    load_tokenizer,
    model_files,
    tokenize,
)
from requester.recipes.embeddings.weights import pack_weights

# What `run_program(name, *inputs)` and `host` are: see conftest.py.
Run = Callable[..., Any]
FloatArray = NDArray[np.float32]
RESIDENT_WEIGHTS_BYTES = 21_663_808


# --- noop --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1 << 20])
def test_noop_copies_its_input(run_program: Run, size: int) -> None:
    data = bytes(i * 7 % 251 for i in range(size))
    ending = run_program("noop", data)
    assert (ending.code, ending.output) == (0, data)


def test_noop_refuses_bad_inputs(run_program: Run) -> None:
    assert run_program("noop").code == 1
    too_large = run_program("noop", bytes((1 << 20) + 1))
    assert (too_large.code, too_large.output) == (2, b"")


# --- textstats ---------------------------------------------------------------------------------


def expected_stats(text: str) -> bytes:
    data = text.encode()
    counts = {
        "bytes": len(data),
        "characters": len(text),
        "words": len(re.findall(rb"[^ \t-\r]+", data)),
        "lines": text.count("\n") + (text[-1:] not in ("", "\n")),
        "longest_line_characters": max(map(len, text.split("\n"))),
    }
    return json.dumps(counts, sort_keys=True, separators=(",", ":")).encode()


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from(" \t\n\v\f\rab"))))
def test_textstats_counts_any_text(run_program: Run, text: str) -> None:
    ending = run_program("textstats", text.encode())
    assert (ending.code, ending.output) == (0, expected_stats(text))


@given(
    st.one_of(
        st.binary(),
        st.lists(
            st.sampled_from(
                [
                    b"a",
                    b"\x80",
                    b"\xbf",
                    b"\xc0",
                    b"\xc2",
                    b"\xe0",
                    b"\xa0",
                    b"\x9f",
                    b"\xed",
                    b"\xef",
                    b"\xf0",
                    b"\x90",
                    b"\x8f",
                    b"\xf4",
                    b"\xf5",
                    b"\xff",
                ]
            )
        ).map(b"".join),
    )
)
def test_textstats_takes_just_the_bytes_that_are_utf8(run_program: Run, data: bytes) -> None:
    ending = run_program("textstats", data)
    try:
        assert (ending.code, ending.output) == (0, expected_stats(data.decode()))
    except UnicodeDecodeError:
        assert (ending.code, ending.output) == (2, b"")


@pytest.mark.parametrize("shift", range(4))
def test_textstats_joins_characters_across_its_chunks(run_program: Run, shift: int) -> None:
    text = "x" * (65_536 - shift) + "\U0001f33e grain\n" * 9_000
    assert run_program("textstats", text.encode()).output == expected_stats(text)


def test_textstats_refuses_a_missing_input(run_program: Run) -> None:
    assert run_program("textstats").code == 1


# --- minilm: agreement -------------------------------------------------------------------------


def docstring_paragraphs() -> list[str]:
    documented = [argparse, json, json.dumps, json.JSONEncoder, subprocess, subprocess.Popen]
    documented += [inspect.signature, re, struct, shutil.copytree, hashlib, Path.rglob]
    texts = [inspect.getdoc(thing) or "" for thing in documented]
    paragraphs = [part for text in texts for part in text.split("\n\n") if len(part) > 40]
    return paragraphs[:40]


def cosines(a: FloatArray, b: FloatArray) -> NDArray[np.float64]:
    x, y = a.astype(np.float64), b.astype(np.float64)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return np.asarray((x * y).sum(axis=1) / lengths)


def embed(run_program: Run, weights: bytes, token_ids: list[list[int]]) -> FloatArray:
    ending = run_program("minilm", encode_task(token_ids), weights)
    assert ending.code == 0
    return decode_embeddings(ending.output, len(token_ids))


def random_paragraphs(lengths: list[int]) -> list[list[int]]:
    random = np.random.default_rng(7)
    return [random.integers(0, 30_522, length).tolist() for length in lengths]


def test_minilm_agrees_with_float32_on_docstrings(
    run_program: Run,
    packed_weights: bytes,
    reference_weights: dict[str, FloatArray],
    model: ModelFiles,
) -> None:
    token_ids = tokenize(load_tokenizer(model.tokenizer), docstring_paragraphs())
    assert len(token_ids) == 40
    embeddings = embed(run_program, packed_weights, token_ids)
    expected = reference.embed(token_ids, reference_weights)
    assert cosines(embeddings, expected).min() >= 0.99999
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_minilm_agrees_at_every_edge_of_its_tiles(
    run_program: Run, packed_weights: bytes, reference_weights: dict[str, FloatArray]
) -> None:
    token_ids = random_paragraphs([*range(1, 18), 31, 32, 33, 126, 127, 128])
    embeddings = embed(run_program, packed_weights, token_ids)
    assert cosines(embeddings, reference.embed(token_ids, reference_weights)).min() >= 0.99995


def test_a_paragraph_does_not_depend_on_its_neighbours(
    run_program: Run, packed_weights: bytes
) -> None:
    token_ids = random_paragraphs([128, 5, 60, 1])
    together = embed(run_program, packed_weights, token_ids)
    alone = [embed(run_program, packed_weights, [ids])[0] for ids in token_ids]
    assert together.tobytes() == np.stack(alone).tobytes()


def test_minilm_is_deterministic(host: Any, wasm_folder: Path, packed_weights: bytes) -> None:
    module = host.compile(wasm_folder / "built" / "minilm.wasm")
    inputs = [encode_task(random_paragraphs([40, 17])), packed_weights]
    endings = {host.execute(each, inputs) for each in (module, module, host.reload(module))}
    assert len(endings) == 1


def test_minilm_keeps_to_its_fuel(run_program: Run, packed_weights: bytes) -> None:
    idle = run_program("minilm", encode_task([]), packed_weights).fuel
    busy = run_program("minilm", encode_task(random_paragraphs([64])), packed_weights).fuel
    assert idle < 2_000
    assert (busy - idle) / 64 < 12_500_000


# --- minilm: bad inputs ------------------------------------------------------------------------

MAGIC = b"FMLMTSK1"


@pytest.mark.parametrize(
    ("task", "code"),
    [
        (b"", 2),
        (MAGIC, 2),
        (b"FMLMTSK2" + struct.pack("<I", 0), 2),
        (MAGIC + struct.pack("<I", 1), 3),
        (MAGIC + struct.pack("<I2H", 1, 2, 101), 3),
        (MAGIC + struct.pack("<I2H", 2, 1, 101), 3),
        (MAGIC + struct.pack("<I2H", 2**32 - 1, 1, 101), 3),
        (MAGIC + struct.pack("<I3H", 1, 1, 101, 0), 4),
        (MAGIC + struct.pack("<IH", 1, 0), 5),
        (MAGIC + struct.pack("<I130H", 1, 129, *[101] * 129), 5),
        (MAGIC + struct.pack("<I2H", 1, 1, 30_522), 6),
    ],
)
def test_minilm_refuses_bad_tasks(
    run_program: Run, packed_weights: bytes, task: bytes, code: int
) -> None:
    ending = run_program("minilm", task, packed_weights)
    assert (ending.code, ending.output) == (code, b"")


def test_minilm_refuses_missing_inputs(run_program: Run) -> None:
    assert run_program("minilm").code == 1
    assert run_program("minilm", encode_task([])).code == 7


def test_minilm_refuses_weights_of_another_kind(run_program: Run, packed_weights: bytes) -> None:
    task = encode_task([[101, 102]])
    other_magic = b"X" + packed_weights[1:]
    other_shape = packed_weights[:8] + struct.pack("<I", 30_523) + packed_weights[12:]
    for weights in (b"", packed_weights[:-1], packed_weights + b"0", other_magic, other_shape):
        ending = run_program("minilm", task, weights)
        assert (ending.code, ending.output) == (8, b"")


def test_minilm_takes_an_empty_task(run_program: Run, packed_weights: bytes) -> None:
    ending = run_program("minilm", encode_task([]), packed_weights)
    assert (ending.code, ending.output) == (0, b"")


def test_damaged_weights_give_the_same_nonsense_twice(
    run_program: Run, packed_weights: bytes
) -> None:
    noise = np.random.default_rng(3).bytes(len(packed_weights) - 64)
    damaged = packed_weights[:64] + noise
    endings = {run_program("minilm", encode_task([[5, 6, 7]]), damaged) for _ in range(2)}
    assert len(endings) == 1
    assert len(endings.pop().output) == 384 * 4


# --- the requester's side of minilm ------------------------------------------------------------


def test_packed_weights_are_reproducible(packed_weights: bytes, model: ModelFiles) -> None:
    assert len(packed_weights) == RESIDENT_WEIGHTS_BYTES + 30_522 * 772
    assert pack_weights(model.weights) == packed_weights


def test_no_packed_column_can_overflow(packed_weights: bytes) -> None:
    panel_bytes, layer_bytes, first_layer = 384 * 384 * 2, 3_577_344, 64 + 128 * 1536 + 3072
    for layer in range(6):
        for block in range(12):
            start = first_layer + layer * layer_bytes + block * (panel_bytes + 1536)
            panels = np.frombuffer(packed_weights, "<i2", 384 * 384, start).astype(np.int64)
            sums = np.abs(panels.reshape(48, 192, 8, 2)).sum(axis=(1, 3))
            assert sums.min() > 4_000
            assert sums.max() * 8_191 < 2**31


def test_pack_weights_refuses_what_is_not_the_model(
    reference_weights: dict[str, FloatArray], tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    position = "embeddings.position_embeddings.weight"
    save_file({}, path)
    with pytest.raises(KeyError, match="position_embeddings"):
        pack_weights(path)
    for wrong in (np.zeros((511, 384), np.float32), np.full((512, 384), np.nan, np.float32)):
        save_file({position: wrong}, path)
        with pytest.raises(ValueError, match=position):
            pack_weights(path)


@pytest.mark.parametrize("token_ids", [[], [1] * 129, [-1], [30_522]])
def test_encode_task_refuses_bad_paragraphs(token_ids: list[int]) -> None:
    with pytest.raises(ValueError, match="token"):
        encode_task([[101], token_ids])


def test_decode_embeddings_wants_the_exact_length() -> None:
    assert decode_embeddings(bytes(2 * 1536), 2).shape == (2, 384)
    for wrong in (2 * 1536 - 1, 2 * 1536 + 4, 0):
        with pytest.raises(ValueError, match="bytes of output"):
            decode_embeddings(bytes(wrong), 2)


def test_tokenizer_cuts_at_128_tokens(model: ModelFiles) -> None:
    tokenizer = load_tokenizer(model.tokenizer)
    short, long = tokenize(tokenizer, ["Hello world", "barley " * 500])
    assert short == [101, 7592, 2088, 102]
    assert (len(long), long[0], long[-1]) == (128, 101, 102)


def test_model_files_names_the_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "requester.recipes.embeddings.tokenizer.MODEL_PACKAGE"
    monkeypatch.setattr(name, "fallow-no-such-package")
    with pytest.raises(FileNotFoundError, match="fallow-no-such-package"):
        model_files()


def test_reference_knows_what_sentences_mean(
    reference_weights: dict[str, FloatArray], model: ModelFiles
) -> None:
    sentences = ["A man is eating food.", "Someone has a meal.", "The shell sorts the list."]
    token_ids = tokenize(load_tokenizer(model.tokenizer), sentences)
    meal, same, other = reference.embed(token_ids, reference_weights)
    assert float(meal @ same) > 0.5 > 0.2 > float(meal @ other)
    assert reference.embed([], reference_weights).shape == (0, 384)


def test_reference_gelu_is_the_exact_one() -> None:
    x = np.linspace(-8, 8, 1601, dtype=np.float32)
    exact = [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x.astype(np.float64)]
    np.testing.assert_allclose(reference._gelu(x), exact, atol=2e-6)


# --- hostile modules ---------------------------------------------------------------------------

# What becomes of each: the exception and what it says, or the code that `run` returns.
REFUSED_OR_STOPPED = {
    "trap": (wasmtime.Trap, "unreachable"),
    "endless_loop": (wasmtime.Trap, "fuel"),
    "endless_start": (wasmtime.Trap, "fuel"),
    "endless_initialize": (wasmtime.Trap, "fuel"),
    "endless_recursion": (wasmtime.Trap, "stack"),
    "huge_memory": (wasmtime.WasmtimeError, "memory"),
    "output_flood": (Exception, "too much output"),
    "output_outside_memory": (Exception, "outside the memory"),
    "output_negative_length": (Exception, "outside the memory"),
    "read_outside_memory": (Exception, "outside the memory"),
    "read_negative_offset": (Exception, "offset"),
    "read_unknown_input": (Exception, "no such input"),
    "forbidden_import": (wasmtime.WasmtimeError, "unknown import"),
    "unknown_import": (wasmtime.WasmtimeError, "unknown import"),
    "wrong_import_type": (wasmtime.WasmtimeError, "incompatible import type"),
    "no_run": (Exception, "no run"),
    "no_memory": (Exception, "no memory"),
    "wrong_run_type": (Exception, "run is not"),
    "shared_memory": (wasmtime.WasmtimeError, "threads"),
    "relaxed_simd": (wasmtime.WasmtimeError, "relaxed SIMD"),
}
CODES = {"returns_seven": 7, "memory_hog": 9, "table_hog": 9, "log_flood": 0, "nan_bits": 0}


def execute_hostile(host: Any, folder: Path, name: str) -> Any:
    module = host.compile(folder / "hostile" / f"{name}.wat")
    return host.execute(module, [b"input"], fuel=50_000_000)


def test_every_hostile_module_is_tested(wasm_folder: Path) -> None:
    names = {path.stem for path in (wasm_folder / "hostile").glob("*.wat")}
    assert names == REFUSED_OR_STOPPED.keys() | CODES.keys()


@pytest.mark.parametrize("name", REFUSED_OR_STOPPED)
def test_hostile_modules_are_refused_or_stopped(host: Any, wasm_folder: Path, name: str) -> None:
    kind, message = REFUSED_OR_STOPPED[name]
    with pytest.raises(kind, match=message):
        execute_hostile(host, wasm_folder, name)


@pytest.mark.parametrize("name", CODES)
def test_hostile_modules_return_their_codes(host: Any, wasm_folder: Path, name: str) -> None:
    assert execute_hostile(host, wasm_folder, name).code == CODES[name]


def test_a_full_log_does_not_stop_a_task(host: Any, wasm_folder: Path) -> None:
    ending = execute_hostile(host, wasm_folder, "log_flood")
    assert (ending.output, len(ending.log)) == (b"done", 4096)


def test_nans_have_one_form(host: Any, wasm_folder: Path) -> None:
    single, double = struct.pack("<I", 0x7FC00000), struct.pack("<Q", 0x7FF8000000000000)
    output = execute_hostile(host, wasm_folder, "nan_bits").output
    assert output == single * 2 + double + single * 4


# --- the build ---------------------------------------------------------------------------------


def check_build(folder: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "build.py"), "--check"]
    environment = None if path is None else {"PATH": path}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_committed_modules_are_what_the_sources_give(wasm_folder: Path) -> None:
    checked = check_build(wasm_folder)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_build_names_a_program_that_drifts(wasm_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(wasm_folder, tmp_path / "wasm")
    source = copy / "noop" / "noop.c"
    source.write_text(source.read_text().replace("1 << 20", "1 << 21"))
    (copy / "built" / "textstats.wasm").write_bytes(b"")
    checked = check_build(copy)
    assert checked.returncode == 1
    assert re.findall(r"^(\w+): (\w+)", checked.stderr, re.MULTILINE) == [
        ("noop", "rebuilt"),
        ("textstats", "committed"),
    ]


def test_the_build_names_missing_tools(wasm_folder: Path, tmp_path: Path) -> None:
    checked = check_build(wasm_folder, path=str(tmp_path))
    assert (checked.returncode, "clang, wasm-ld" in checked.stderr) == (1, True)
