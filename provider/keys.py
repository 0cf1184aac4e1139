"""Key files: hex private keys that only their owner may read.

The daemon uses the device's key alone, which can sign offers and results and never moves money.
The wallet's key is read once, by `fallow provider enroll`.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.errors import InvalidInput, NotFound

MAX_KEY_FILE_BYTES = 1024


def load_key(path: Path) -> LocalAccount:
    """The account of the key in `path`.

    Raises:
        NotFound: there is no such file.
        InvalidInput: others may read it, or it holds no key.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(MAX_KEY_FILE_BYTES).decode(errors="replace").strip()
    except FileNotFoundError:
        raise NotFound(f"there is no key file {path}") from None
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from None
    if mode & 0o077:
        raise InvalidInput(f"others may read {path}; run: chmod 600 {path}")
    try:
        account: LocalAccount = Account.from_key(text)
    except ValueError:
        # Neither the text nor the cause may be shown: they may be most of a key.
        raise InvalidInput(f"{path} holds no private key (0x and 64 hex digits)") from None
    return account


def load_or_create_key(path: Path) -> LocalAccount:
    """The account of the key in `path`, which is made (mode 0600) if it is not there.

    Raises:
        InvalidInput: it cannot be used or made.
    """
    try:
        return load_key(path)
    except NotFound:
        return _create(path)


def _create(path: Path) -> LocalAccount:
    account: LocalAccount = Account.from_key(secrets.token_bytes(32))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written aside and linked: a crash leaves a whole key or none, and none is overwritten.
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write("0x" + bytes(account.key).hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(part)
        finally:
            part.unlink()
    except FileExistsError:
        return load_key(path)
    except OSError as error:
        raise InvalidInput(f"cannot make {path}: {error.strerror}") from None
    return account
