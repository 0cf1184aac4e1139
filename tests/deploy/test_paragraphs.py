"""The demo's text is real prose, different, and the same on every run."""

from pathlib import Path

import pytest

from deploy.demo.paragraphs import MAX_WORDS, MIN_WORDS, docstring_paragraphs


def test_the_standard_library_gives_hundreds_of_different_paragraphs() -> None:
    texts = docstring_paragraphs(400)
    assert len(set(texts)) == 400
    assert all(MIN_WORDS <= len(text.split()) <= MAX_WORDS for text in texts)
    assert docstring_paragraphs(400) == texts


def test_code_and_fragments_are_left_out(tmp_path: Path) -> None:
    words = " ".join(["word"] * MIN_WORDS)
    prose = f"Prose {words} ends."
    (tmp_path / "module.py").write_text(
        f'"""Title.\n\n{prose}\n\nCode {words} >>> ends.\n\n'
        f'lower {words} ends.\n\nNo end {words}\n"""'
    )
    (tmp_path / "broken.py").write_text("def (:")
    assert docstring_paragraphs(1, tmp_path) == [prose]


def test_too_few_paragraphs_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only 0 such paragraphs"):
        docstring_paragraphs(1, tmp_path)
