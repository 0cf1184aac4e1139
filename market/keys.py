"""The operator's key: hex in a file that nobody else can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.errors import InvalidInput


def read_key(path: Path) -> LocalAccount:
    """The account of a key file.

    Raises:
        InvalidInput: no file, no key, or others may read it.
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise InvalidInput(f"{path} can be read by others: chmod 600 it")
        text = path.read_text().strip()
    except OSError as error:
        raise InvalidInput(f"cannot read the key file {path}: {error.strerror}") from None
    try:
        account: LocalAccount = Account.from_key(text)
    except ValueError:
        raise InvalidInput(f"{path} holds no private key") from None
    return account


def write_key(path: Path, account: LocalAccount) -> None:
    """Write a new key file with mode 0600; an existing one is never replaced."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("0x" + bytes(account.key).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
