"""Pack the safetensors weights of all-MiniLM-L6-v2 for the `minilm` wasm program.

The blob, version 1, little-endian, 45,226,792 bytes; images/wasm/minilm/model.h has it as structs:

    header     magic "FMLMWTS1", u32 vocabulary, hidden, layers, heads, inner, max_tokens, 32 zeros
    positions  float32[128, 384], with the embedding of token type 0 added
    norm       of the embeddings: gain float32[384], bias float32[384]
    6 layers   blocks query, key, value, output, 4 of the rising and 4 of the falling feed-forward
               matrix; their biases query, key, value, output (384 each), rising (1536), falling
               (384); norm after attention; norm after feed-forward
    words      30522 rows of a float32 scale and int16[384]

A block is a 384 x 384 part of a matrix: int16[48, 192, 16] in the program's kernel order
([output / 8, input / 2, 2 * (output % 8) + input % 2]) and one float32 scale for each output.
"""

import struct
from collections.abc import Iterator, Mapping
from math import fsum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

FloatArray = NDArray[np.float32]

WEIGHTS_MAGIC = b"FMLMWTS1"
VOCABULARY, HIDDEN, LAYERS, HEADS, INNER, MAX_TOKENS = 30522, 384, 6, 12, 1536, 128

_INT16_LIMIT = 32767
# The program quantises rows to +-8191; a column's sum with any such row must stay in int32.
_COLUMN_SUM_LIMIT = (2**31 - 1) // 8191
_PANEL_COLUMNS = 8
_QUERY_SCALE = np.float32((HIDDEN // HEADS) ** -0.5)


def pack_weights(safetensors_path: Path) -> bytes:
    """Return the packed blob; equal weights always give equal bytes.

    Raises KeyError for a missing tensor and ValueError for one of another shape or not finite.
    """
    tensors = _Tensors(load_file(safetensors_path))
    return b"".join(_sections(tensors))


class _Tensors:
    """The model's tensors by name, each checked for its shape and for finite values."""

    def __init__(self, by_name: Mapping[str, FloatArray]) -> None:
        self._by_name = by_name

    def get(self, name: str, *shape: int) -> FloatArray:
        tensor = self._by_name[name]
        if tensor.shape != shape or tensor.dtype != np.float32:
            raise ValueError(
                f"{name} is {tensor.dtype}{list(tensor.shape)}, not float32{list(shape)}"
            )
        if not np.isfinite(tensor).all():
            raise ValueError(f"{name} is not finite")
        return tensor


def _sections(tensors: _Tensors) -> Iterator[bytes]:
    yield struct.pack(
        "<8s6I32x", WEIGHTS_MAGIC, VOCABULARY, HIDDEN, LAYERS, HEADS, INNER, MAX_TOKENS
    )
    positions = tensors.get("embeddings.position_embeddings.weight", 512, HIDDEN)
    types = tensors.get("embeddings.token_type_embeddings.weight", 2, HIDDEN)
    yield _float_bytes(positions[:MAX_TOKENS] + types[0])
    yield from _norm(tensors, "embeddings.LayerNorm")
    for index in range(LAYERS):
        yield from _layer(tensors, f"encoder.layer.{index}")
    yield _words(tensors.get("embeddings.word_embeddings.weight", VOCABULARY, HIDDEN))


def _layer(tensors: _Tensors, layer: str) -> Iterator[bytes]:
    own = f"{layer}.attention.self"
    attention_output = f"{layer}.attention.output"
    rise, fall = f"{layer}.intermediate.dense", f"{layer}.output.dense"
    square = {
        name: tensors.get(f"{name}.weight", HIDDEN, HIDDEN)
        for name in (f"{own}.query", f"{own}.key", f"{own}.value", f"{attention_output}.dense")
    }
    square[f"{own}.query"] = square[f"{own}.query"] * _QUERY_SCALE
    yield from map(_block, square.values())
    yield from map(_block, np.split(tensors.get(f"{rise}.weight", INNER, HIDDEN), 4, axis=0))
    yield from map(_block, np.split(tensors.get(f"{fall}.weight", HIDDEN, INNER), 4, axis=1))
    yield _float_bytes(tensors.get(f"{own}.query.bias", HIDDEN) * _QUERY_SCALE)
    for name in (f"{own}.key", f"{own}.value", f"{attention_output}.dense"):
        yield _float_bytes(tensors.get(f"{name}.bias", HIDDEN))
    yield _float_bytes(tensors.get(f"{rise}.bias", INNER))
    yield _float_bytes(tensors.get(f"{fall}.bias", HIDDEN))
    yield from _norm(tensors, f"{attention_output}.LayerNorm")
    yield from _norm(tensors, f"{layer}.output.LayerNorm")


def _norm(tensors: _Tensors, name: str) -> Iterator[bytes]:
    yield _float_bytes(tensors.get(f"{name}.weight", HIDDEN))
    yield _float_bytes(tensors.get(f"{name}.bias", HIDDEN))


def _block(weight: FloatArray) -> bytes:
    """Quantise a float32[384 outputs, 384 inputs] matrix and lay it out in kernel order."""
    magnitudes = np.abs(weight).astype(np.float64)
    # Rounding may add half a unit to each of a column's magnitudes.
    sum_room = _COLUMN_SUM_LIMIT - HIDDEN / 2
    scales = np.maximum(
        magnitudes.max(axis=1) / _INT16_LIMIT,
        np.array([fsum(row) for row in magnitudes]) / sum_room,
    ).astype(np.float32)
    quantised = _quantise(weight, scales)
    if np.abs(quantised.astype(np.int64)).sum(axis=1).max() > _COLUMN_SUM_LIMIT:
        raise ValueError("a quantised column could overflow the program's sums")
    panels = quantised.reshape(HIDDEN // _PANEL_COLUMNS, _PANEL_COLUMNS, HIDDEN // 2, 2)
    return panels.transpose(0, 2, 1, 3).astype("<i2").tobytes() + _float_bytes(scales)


def _words(weight: FloatArray) -> bytes:
    scales = (np.abs(weight).max(axis=1) / np.float32(_INT16_LIMIT)).astype(np.float32)
    rows = np.empty(len(weight), dtype=[("scale", "<f4"), ("values", "<i2", (HIDDEN,))])
    rows["scale"] = scales
    rows["values"] = _quantise(weight, scales)
    return rows.tobytes()


def _quantise(weight: FloatArray, scales: FloatArray) -> NDArray[np.int16]:
    divisors = np.where(scales > 0, scales, np.float32(1))[:, None].astype(np.float64)
    rounded = np.rint(weight.astype(np.float64) / divisors)
    return np.clip(rounded, -_INT16_LIMIT, _INT16_LIMIT).astype(np.int16)


def _float_bytes(values: FloatArray) -> bytes:
    return values.astype("<f4").tobytes()
