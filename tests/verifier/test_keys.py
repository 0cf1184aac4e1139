"""A verifier's key is made once, for its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protocol.errors import InvalidInput
from verifier.keys import load_or_create_key


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "wallet.key"
    account = load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path).address == account.address


@pytest.mark.parametrize("text", ["", "0x12", "word " * 12, "0x" + "00" * 32, "g" * 64])
def test_what_is_no_key_is_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wallet.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidInput, match="holds no private key") as caught:
        load_or_create_key(path)
    assert not text or text not in str(caught.value)
    assert path.read_text() == text


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wallet.key"
    load_or_create_key(path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        load_or_create_key(path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot"):
        load_or_create_key(tmp_path / "file" / "wallet.key")
