"""Who sends a transaction, and how it is sent: paid by FALLOW_KEY_FILE, refused in one line."""

import os
import re
from pathlib import Path

from brownie import accounts
from brownie.exceptions import VirtualMachineError
from scripts.answers import Refused
from web3.exceptions import Web3Exception


def send(account, what, **transaction):
    """Send a transaction and await it; `what` names it when the chain refuses."""
    try:
        receipt = account.transfer(**transaction)
    except (ValueError, VirtualMachineError, Web3Exception) as error:
        reason = str(error).partition(". This transaction")[0]  # then comes advice to force it
        raise Refused(f"the chain refuses {what}: {reason}") from None
    if not receipt.status:  # told so only in the console; elsewhere Brownie has raised
        raise Refused(f"the chain reverted {what}: {receipt.txid}")
    return receipt


def sender():
    """The account of FALLOW_KEY_FILE, if that file is its owner's alone."""
    file = os.environ.get("FALLOW_KEY_FILE")
    if not file:
        raise Refused("set FALLOW_KEY_FILE: the key of the account that sends")
    try:
        is_private = not Path(file).stat().st_mode & 0o077
        account = _account(file) if is_private else None
    except OSError as error:
        raise Refused(f"cannot read {error.filename}: {error.strerror}") from None
    except ValueError:
        # Never quote what was read, nor the cause: either may hold the key.
        raise Refused(f"{file} holds no private key, or the password is wrong") from None
    if not account:
        raise Refused(f"others may read {file}; run: chmod 600 {file}")
    return account


def _account(file):
    """The account of a hex key, or of a keystore whose password is asked for."""
    accounts.clear()  # what the node could sign for, Brownie would have it sign
    text = Path(file).read_text().strip()
    if text.startswith("{"):
        password_file = os.environ.get("FALLOW_KEY_PASSWORD_FILE")
        password = Path(password_file).read_text().rstrip("\r\n") if password_file else None
        return accounts.load(file, password)
    if not re.fullmatch("(0x)?[0-9a-fA-F]{64}", text):
        raise ValueError  # a cut-off key would be another account's
    return accounts.add(text)
