"""Real text that is on every machine: paragraphs of the docstrings of Python's standard library."""

from __future__ import annotations

import ast
import re
import sysconfig
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

MIN_WORDS = 18
MAX_WORDS = 70
MOST_PER_MODULE = 6  # so that the paragraphs speak of many things
_NOT_PROSE = re.compile(r">>>|\.\.\.|[{}|=<>\\_]|--|::|^\s*[-*@:]", re.MULTILINE)
_SKIPPED_FOLDERS = {"test", "tests", "idlelib", "site-packages", "lib2to3", "__pycache__"}


def docstring_paragraphs(count: int, library: Path | None = None) -> list[str]:
    """The first `count` different prose paragraphs: top-level modules first, then by name.

    Raises:
        ValueError: the library has fewer.
    """
    found: dict[str, None] = {}
    for path in _modules(library or Path(sysconfig.get_path("stdlib"))):
        prose = chain.from_iterable(_prose(docstring) for docstring in _docstrings(path))
        found.update(dict.fromkeys(islice(prose, MOST_PER_MODULE)))
        if len(found) >= count:
            return list(found)[:count]
    raise ValueError(f"the standard library has only {len(found)} such paragraphs")


def _modules(library: Path) -> Iterator[Path]:
    paths = (path.relative_to(library) for path in library.rglob("*.py"))
    for path in sorted(paths, key=lambda path: (len(path.parts), path.parts)):
        if not _SKIPPED_FOLDERS & set(path.parts):
            yield library / path


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.get_docstring(node) or ""


def _prose(docstring: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", docstring):
        text = " ".join(block.split())
        is_sentence = text[:1].isupper() and text[-1:] == "." and not _NOT_PROSE.search(block)
        if is_sentence and MIN_WORDS <= len(text.split()) <= MAX_WORDS:
            yield text
