"""The verifier's wallet key: a hex file that only its owner may read.

It holds the seats' stake and sends disputes, so it is a hot key: give it no more than it needs.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.errors import InvalidInput

MAX_KEY_FILE_BYTES = 1024


def load_or_create_key(path: Path) -> LocalAccount:
    """The account of the key in `path`, which is made (mode 0600) if it is not there.

    Raises:
        InvalidInput: others may read the file, it holds no key, or it cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return _create(path)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        text = file.read(MAX_KEY_FILE_BYTES).decode(errors="replace").strip()
    if mode & 0o077:
        raise InvalidInput(f"others may read {path}; run: chmod 600 {path}")
    try:
        account: LocalAccount = Account.from_key(text)
    except ValueError:
        # Neither the text nor the cause may be shown: they may be most of a key.
        raise InvalidInput(f"{path} holds no private key (0x and 64 hex digits)") from None
    return account


def _create(path: Path) -> LocalAccount:
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput(f"cannot make {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write("0x" + bytes(account.key).hex() + "\n")
    return account
