"""Key files."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.errors import InvalidInput, NotFound
from requester.keys import create_key, load_key


def never() -> str:
    raise AssertionError("no password is needed")


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_created_keys_are_private_and_load(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    account = create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, never).address == account.address
    with pytest.raises(InvalidInput, match="never overwritten"):
        create_key(path)


def test_keystore(tmp_path: Path, wallet: LocalAccount) -> None:
    store = Account.encrypt(wallet.key, "right", kdf="pbkdf2", iterations=2)
    path = private(tmp_path / "key", json.dumps(store))
    assert load_key(path, lambda: "right").address == wallet.address
    with pytest.raises(InvalidInput, match="password is wrong"):
        load_key(path, lambda: "wrong")


@pytest.mark.parametrize(
    "text", ["", "0x12", "22" * 31 + "2", "22" * 33, "{", "{}", "0x" + "0" * 64, "not hex " * 8]
)
def test_what_is_no_key_is_not_quoted(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_key(private(tmp_path / "key", text), lambda: "x")
    assert not text.strip() or text.strip() not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_others_may_read(tmp_path: Path) -> None:
    path = private(tmp_path / "key", "0x" + "22" * 32)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        load_key(path, never)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_key(tmp_path / "key", never)
    with pytest.raises(InvalidInput):
        load_key(tmp_path, never)
