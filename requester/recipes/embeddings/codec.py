"""The files that go into and come out of the `minilm` wasm program (images/wasm/minilm)."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TASK_MAGIC = b"FMLMTSK1"
HIDDEN = 384
MAX_TOKENS = 128
VOCABULARY = 30522


def encode_task(token_id_lists: Sequence[Sequence[int]]) -> bytes:
    """Encode paragraphs of token ids as a task file.

    Little-endian: the magic, u32 paragraphs, then for each a u16 token count and its u16 ids.
    Raises ValueError for a paragraph without 1..128 tokens or an id outside 0..30521.
    """
    parts = [TASK_MAGIC, struct.pack("<I", len(token_id_lists))]
    parts += [_encode_paragraph(token_ids) for token_ids in token_id_lists]
    return b"".join(parts)


def decode_embeddings(output: bytes, paragraph_count: int) -> NDArray[np.float32]:
    """Decode the program's output: float32[paragraph_count, 384], rows of length 1.

    Raises ValueError if the output is not exactly `paragraph_count` embeddings long.
    """
    expected_bytes = paragraph_count * HIDDEN * 4
    if len(output) != expected_bytes:
        raise ValueError(f"{len(output)} bytes of output where {expected_bytes} were expected")
    embeddings = np.frombuffer(output, dtype="<f4").reshape(paragraph_count, HIDDEN)
    return embeddings.astype(np.float32)


def _encode_paragraph(token_ids: Sequence[int]) -> bytes:
    if not 1 <= len(token_ids) <= MAX_TOKENS:
        raise ValueError(f"a paragraph has {len(token_ids)} tokens, not 1..{MAX_TOKENS}")
    if min(token_ids) < 0 or max(token_ids) >= VOCABULARY:
        raise ValueError(f"a token id lies outside 0..{VOCABULARY - 1}")
    return struct.pack(f"<H{len(token_ids)}H", len(token_ids), *token_ids)
