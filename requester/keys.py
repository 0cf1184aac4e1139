"""Key files: a hex private key, or an encrypted keystore, readable by their owner alone."""

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

from protocol.errors import InvalidInput, NotFound

MAX_KEY_FILE_BYTES = 64 * 1024
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def load_key(path: Path, password: Callable[[], str]) -> LocalAccount:
    """The account whose key `path` holds; `password` is asked for an encrypted keystore only.

    Raises:
        NotFound: there is no such file.
        InvalidInput: others may read it, it is no key, or the password is wrong.
    """
    text = _read_private(path)
    try:
        key = Account.decrypt(json.loads(text), password()) if text.startswith("{") else _hex(text)
        account: LocalAccount = Account.from_key(key)
    except (ValueError, TypeError, KeyError):
        # Never quote what was read, nor the cause: either may hold the key.
        raise InvalidInput(f"{path} holds no usable key, or the password is wrong") from None
    return account


def create_key(path: Path) -> LocalAccount:
    """Make a new key in a new file that only its owner may read.

    Raises:
        InvalidInput: the file exists, or cannot be made.
    """
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("0x" + bytes(account.key).hex() + "\n")
    except FileExistsError:
        raise InvalidInput(f"{path} exists; a key is never overwritten") from None
    except OSError as error:
        raise InvalidInput(f"cannot make {path}: {error.strerror}") from error
    return account


def _hex(text: str) -> bytes:
    # eth-account would take a cut-off key for a small number, and make another wallet of it.
    if not _KEY.fullmatch(text):
        raise ValueError
    return bytes.fromhex(text.removeprefix("0x"))


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_KEY_FILE_BYTES)
    except FileNotFoundError:
        raise NotFound(f"there is no key file {path}") from None
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise InvalidInput(f"others may read {path}; run: chmod 600 {path}")
    return data.decode(errors="replace").strip()
