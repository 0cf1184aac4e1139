"""Key files: a hex private key, or an encrypted keystore, readable by their owner alone.

A daemon's device key is hot: it signs offers and results and never moves money. A wallet's key may
lie in a keystore, whose password is asked for when it is used.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.client.private_files import write_private
from protocol.errors import InvalidInput, NotFound

MAX_KEY_FILE_BYTES = 64 * 1024
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def load_key(path: Path, password: Callable[[], str] | None = None) -> LocalAccount:
    """The account whose key `path` holds; `password` is asked for an encrypted keystore only.

    Raises:
        NotFound: there is no such file.
        InvalidInput: others may read it, it is no key, or the password is wrong.
    """
    text = _read_private(path)
    try:
        key = _decrypted(path, text, password) if text.startswith("{") else _hex(text)
        account: LocalAccount = Account.from_key(key)
    except (ValueError, TypeError, KeyError):
        # Never quote what was read, nor the cause: either may hold the key.
        raise InvalidInput(
            f"{path} holds no private key (0x and 64 hex digits, or a keystore), "
            "or the password is wrong"
        ) from None
    return account


def create_key(path: Path) -> LocalAccount:
    """Make a new key in a new file that only its owner may read.

    Raises:
        InvalidInput: the file exists, or cannot be made.
    """
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    write_key(path, account)
    return account


def load_or_create_key(path: Path, password: Callable[[], str] | None = None) -> LocalAccount:
    """The account of the key in `path`, which is made (mode 0600) if it is not there.

    Raises:
        InvalidInput: it cannot be used or made.
    """
    try:
        return load_key(path, password)
    except NotFound:
        account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    # Another process may have made one meanwhile: then that is the key.
    return account if _write_new(path, account) else load_key(path, password)


def write_key(path: Path, account: LocalAccount) -> None:
    """Keep the key of `account` in a new file; after a crash it holds all of it, or is not there.

    Raises:
        InvalidInput: the file exists, or cannot be made.
    """
    if not _write_new(path, account):
        raise InvalidInput(f"{path} exists; a key is never overwritten")


def _write_new(path: Path, account: LocalAccount) -> bool:
    """Whether the file was made; False if there is one already."""
    return write_private(path, "0x" + bytes(account.key).hex() + "\n")


def _hex(text: str) -> bytes:
    # eth-account would take a cut-off key for a small number, and make another wallet of it.
    if not _KEY.fullmatch(text):
        raise ValueError
    return bytes.fromhex(text.removeprefix("0x"))


def _decrypted(path: Path, text: str, password: Callable[[], str] | None) -> bytes:
    if password is None:
        raise InvalidInput(f"{path} is an encrypted keystore; here a hex private key is needed")
    return bytes(Account.decrypt(json.loads(text), password()))


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_KEY_FILE_BYTES)
    except FileNotFoundError:
        raise NotFound(f"there is no key file {path}") from None
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise InvalidInput(f"others may read {path}; run: chmod 600 {path}")
    return data.decode(errors="replace").strip()
