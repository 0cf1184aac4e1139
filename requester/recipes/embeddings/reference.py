"""all-MiniLM-L6-v2 in plain float32 numpy: what the wasm program is held against.

A BERT encoder (Devlin et al. 2018, arXiv:1810.04805) of 6 layers, 12 heads and width 384 with the
exact GELU, mean pooling and L2 normalisation (the model's `modules.json`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

FloatArray = NDArray[np.float32]
Weights = Mapping[str, FloatArray]

LAYERS, HEADS, HIDDEN = 6, 12, 384


def load_weights(safetensors_path: Path) -> Weights:
    """Load the model's float32 tensors by their safetensors names."""
    return load_file(safetensors_path)


def embed(token_id_lists: Sequence[Sequence[int]], weights: Weights) -> FloatArray:
    """Return float32[n, 384], rows of length 1, for n non-empty lists of at most 512 token ids."""
    if not token_id_lists:
        return np.empty((0, HIDDEN), dtype=np.float32)
    return np.stack([_embed_paragraph(token_ids, weights) for token_ids in token_id_lists])


def _embed_paragraph(token_ids: Sequence[int], weights: Weights) -> FloatArray:
    states = (
        weights["embeddings.word_embeddings.weight"][list(token_ids)]
        + weights["embeddings.position_embeddings.weight"][: len(token_ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    states = _norm(states, weights, "embeddings.LayerNorm")
    for index in range(LAYERS):
        states = _layer(states, weights, f"encoder.layer.{index}")
    mean = states.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def _layer(states: FloatArray, weights: Weights, layer: str) -> FloatArray:
    context = _attention(states, weights, f"{layer}.attention.self")
    context = _dense(context, weights, f"{layer}.attention.output.dense")
    states = _norm(states + context, weights, f"{layer}.attention.output.LayerNorm")
    inner = _gelu(_dense(states, weights, f"{layer}.intermediate.dense"))
    outer = _dense(inner, weights, f"{layer}.output.dense")
    return _norm(states + outer, weights, f"{layer}.output.LayerNorm")


def _attention(states: FloatArray, weights: Weights, name: str) -> FloatArray:
    query, key, value = (
        _dense(states, weights, f"{name}.{part}").reshape(len(states), HEADS, -1).swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(HIDDEN // HEADS))
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = powers / powers.sum(axis=-1, keepdims=True) @ value
    return np.asarray(mixed.swapaxes(0, 1).reshape(len(states), HIDDEN))


def _dense(states: FloatArray, weights: Weights, name: str) -> FloatArray:
    return np.asarray(states @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _norm(states: FloatArray, weights: Weights, name: str) -> FloatArray:
    centred = states - states.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-12))
    return np.asarray(centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _gelu(x: FloatArray) -> FloatArray:
    return np.asarray(x * (1 + _erf(x / np.float32(np.sqrt(2)))) / 2, dtype=np.float32)


def _erf(x: FloatArray) -> NDArray[np.float64]:
    """Within 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    magnitude = np.abs(x.astype(np.float64))
    t = 1 / (1 + 0.3275911 * magnitude)
    series = np.full_like(t, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + coefficient
    return np.asarray(np.sign(x) * (1 - series * t * np.exp(-magnitude * magnitude)))
