"""Key files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protocol.errors import InvalidInput, NotFound
from provider.keys import load_key, load_or_create_key


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "device.key"
    account = load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path).address == account.address
    assert [file.name for file in path.parent.iterdir()] == ["device.key"]


def test_a_missing_key(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no key file"):
        load_key(tmp_path / "key")


def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("0x" + "11" * 32)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        load_key(path)


def test_a_broken_key_is_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("0x" + "11" * 31 + "zz")
    path.chmod(0o600)
    with pytest.raises(InvalidInput) as caught:
        load_or_create_key(path)
    assert "1111" not in str(caught.value)


def test_a_key_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="cannot"):
        load_or_create_key(tmp_path / "file" / "key")
