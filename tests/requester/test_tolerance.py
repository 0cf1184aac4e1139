"""How a command line names a comparator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocol.errors import InvalidInput
from protocol.units import content_id
from protocol.verification import Close, Comparator, Cosine, Custom, Psnr
from requester.actions.work import Order, Recipe
from requester.draft import WasmDraft
from requester.plan import work_of
from requester.tolerance import EXAMPLE, parse_comparator
from tests.requester.test_work import FILE, NOTHING

MODULE = content_id(b"module")


@pytest.mark.parametrize(
    ("text", "comparator"),
    [
        (EXAMPLE, Close("float32", "1e-6", "1e-5")),
        ("close,relative=0,absolute=0.5,dtype=float16", Close("float16", "0.5", "0")),
        ("cosine,dtype=float64,dimensions=384,least=0.9999", Cosine("float64", 384, "0.9999")),
        ("psnr,least_db=40", Psnr("40")),
        ("custom,module=some/where=x.wasm", Path("some/where=x.wasm")),
    ],
)
def test_each_comparator(text: str, comparator: Comparator | Path) -> None:
    assert parse_comparator(text) == comparator


@pytest.mark.parametrize(
    "text",
    [
        "",
        "close",
        "exact",
        "close,dtype=float32,absolute=1e-6",
        "close,dtype=float32,absolute=1e-6,relative",
        EXAMPLE + ",relative=1e-4",
        EXAMPLE + ",kind=psnr",
        EXAMPLE + ",more=1",
        "close,dtype=float32,absolute=-1,relative=0",
        "cosine,dtype=float32,dimensions=many,least=0.9",
        "cosine,dtype=float32,dimensions=" + "9" * 5000 + ",least=0.9",
        "psnr,least_db=",
        "custom",
    ],
)
def test_what_is_no_comparator(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_comparator(text)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "given", [{"program": "noop"}, {"image": FILE, "command": ("/x",)}], ids=["wasm", "container"]
)
def test_an_order_declares_it_in_the_spec(given: dict[str, Any]) -> None:
    options = NOTHING | {"input_files": (FILE,), "tolerance": EXAMPLE} | given
    work = work_of(Order(**options).draft(), [b"an input"])
    assert work.spec.comparator == Close("float32", "1e-6", "1e-5")
    exact = work_of(Order(**options | {"tolerance": None}).draft(), [b"an input"])
    assert exact.spec.to_json()["verification"] == "exact"


def test_a_module_of_ones_own_is_uploaded(tmp_path: Path) -> None:
    file = tmp_path / "compare.wasm"
    file.write_bytes(b"module")
    options = NOTHING | {
        "program": "noop",
        "input_files": (FILE,),
        "tolerance": f"custom,module={file}",
    }
    work = work_of(Order(**options).draft(), [b"an input"])
    assert work.spec.comparator == Custom(MODULE)
    assert file in work.blobs
    assert work.spec.blobs[-1] == MODULE
    options["tolerance"] = f"custom,module={tmp_path / 'nowhere'}"
    with pytest.raises(InvalidInput, match="nowhere"):
        work_of(Order(**options).draft(), [b"an input"])


def test_a_module_given_as_bytes_is_uploaded_too() -> None:
    work = work_of(WasmDraft(b"program", comparator=b"module"), [b"an input"])
    assert work.spec.comparator == Custom(MODULE)
    assert b"module" in work.blobs


def test_the_recipe_is_exact() -> None:
    options = {"recipe": Recipe.EMBEDDINGS, "texts": FILE, "tolerance": EXAMPLE}
    with pytest.raises(InvalidInput, match="exact"):
        Order(**NOTHING | options)
