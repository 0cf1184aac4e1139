"""Key files are made once, whole, for their owner alone, and never shown."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.client.keys import create_key, load_key, load_or_create_key, write_key
from protocol.errors import InvalidInput, NotFound

NO_KEYS = [
    "",
    "0x12",
    "22" * 31 + "2",
    "0x" + "22" * 31,
    "22" * 33,
    "0x" + "11" * 31 + "zz",
    "g" * 64,
    "0x" + "0" * 64,
    "word " * 12,
    "{",
    "{}",
]


DIES_AT_FSYNC = """
import os, signal, sys
from pathlib import Path
from protocol.client.keys import create_key
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
create_key(Path(sys.argv[1]))
"""


def never() -> str:
    raise AssertionError("no password is needed")


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_created_key_is_private_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    account = create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_key(path, never).address == account.address
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_a_key_is_never_overwritten(tmp_path: Path, account: LocalAccount) -> None:
    path = tmp_path / "key"
    write_key(path, account)
    for make in (create_key, lambda path: write_key(path, account)):
        with pytest.raises(InvalidInput, match="never overwritten"):
            make(path)
    assert load_key(path).address == account.address
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    account = load_or_create_key(path)
    assert load_or_create_key(path).address == account.address


def test_with_or_without_0x(tmp_path: Path, account: LocalAccount) -> None:
    digits = bytes(account.key).hex()
    for number, text in enumerate((digits, "0x" + digits, f"  {digits.upper()}\n")):
        path = private(tmp_path / str(number), text)
        assert load_key(path).address == account.address


def test_keystore(tmp_path: Path, account: LocalAccount) -> None:
    store = Account.encrypt(account.key, "right", kdf="pbkdf2", iterations=2)
    path = private(tmp_path / "key", json.dumps(store))
    assert load_key(path, lambda: "right").address == account.address
    assert load_or_create_key(path, lambda: "right").address == account.address
    with pytest.raises(InvalidInput, match="password is wrong"):
        load_key(path, lambda: "wrong")
    with pytest.raises(InvalidInput, match="encrypted keystore"):
        load_key(path)


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_key_is_not_quoted(tmp_path: Path, text: str) -> None:
    path = private(tmp_path / "key", text)
    with pytest.raises(InvalidInput, match="holds no private key") as caught:
        load_or_create_key(path, lambda: "x")
    assert not text.strip("{} ") or text.strip() not in str(caught.value)
    assert caught.value.__cause__ is None
    assert path.read_text() == text


def test_a_file_that_others_may_read(tmp_path: Path) -> None:
    path = private(tmp_path / "key", "0x" + "22" * 32)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        load_or_create_key(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no key file"):
        load_key(tmp_path / "key", never)
    with pytest.raises(InvalidInput, match="cannot read"):
        load_key(tmp_path, never)


def test_a_place_where_nothing_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for make in (create_key, load_or_create_key):
        with pytest.raises(InvalidInput, match="cannot"):
            make(tmp_path / "file" / "key")


def test_a_crash_while_writing_leaves_no_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    died = subprocess.run([sys.executable, "-c", DIES_AT_FSYNC, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert not path.exists()
    assert load_or_create_key(path).address == load_key(path).address
