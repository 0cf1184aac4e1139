"""Reads contracts by their ABI alone: a field that a view gains is shown, under its own name."""

import json
import re
from pathlib import Path

from brownie import Contract, project
from brownie.convert import to_address
from brownie.exceptions import ContractNotFound, VirtualMachineError
from scripts.answers import Refused

CONTRACTS = Path(__file__).parents[1]
ARTIFACTS = CONTRACTS.parent / "protocol" / "chain" / "artifacts"


def deployed(name):
    """The contract `name` of the Fallow that this Brownie is connected to."""
    (loaded,) = project.get_loaded_projects()
    if name not in loaded or not len(loaded[name]):
        raise Refused("which market? set FALLOW_MARKET, or FALLOW_DEPLOYMENT_FILE")
    return loaded[name][-1]


def artifact(name):
    """What the Python package ships of a contract: its ABI and bytecode."""
    return json.loads((ARTIFACTS / f"{name}.json").read_text())


def at(name, address):
    """A contract at an address, by its shipped ABI."""
    try:
        return Contract.from_abi(name, address, artifact(name)["abi"], persist=False)
    except ContractNotFound:
        raise Refused(f"no {name} stands at {address}") from None


def read(contract, view, *arguments):
    """What a view answers: its fields by name. Arguments may be text, as typed."""
    entry = next(e for e in contract.abi if e["type"] == "function" and e["name"] == view)
    values = [parse(i, given) for i, given in zip(entry["inputs"], arguments, strict=True)]
    try:
        answer = getattr(contract, view)(*values)
    except VirtualMachineError as error:
        raise Refused(f"{contract._name} refuses: {error.revert_msg or error}") from None
    outputs = entry["outputs"]
    if len(outputs) > 1:
        return _fields(outputs, answer)
    return _plain(outputs[0], answer)


def plain_views(contract):
    """The names of the views that take nothing, in the ABI's order."""
    return [
        entry["name"]
        for entry in contract.abi
        if entry["type"] == "function"
        and not entry["inputs"]
        and entry["stateMutability"] in ("view", "pure")
    ]


def is_blank(value):
    """Whether every field is zero, as the chain answers for what it does not know."""
    if isinstance(value, dict):
        return all(is_blank(item) for item in value.values())
    if isinstance(value, list):
        return all(is_blank(item) for item in value)
    return not value or bool(re.fullmatch("0x0+", str(value)))


def parse(entry, given):
    """A typed argument as the ABI wants it."""
    kind, name = entry["type"], entry["name"]
    text = str(given)
    if kind == "address":
        try:
            return to_address(text)
        except ValueError:
            raise Refused(f"{name} is an address (0x and 40 hex digits), not {text}") from None
    if kind.startswith("uint"):
        try:
            value = int(text, 0)
        except ValueError:
            value = -1
        if not 0 <= value < 2 ** int(kind[4:]):
            raise Refused(f"{name} is a number, not {text}")
        return value
    digits = 2 * int(kind.removeprefix("bytes"))
    if not re.fullmatch(f"0x[0-9a-fA-F]{{{digits}}}", text):
        raise Refused(f"{name} is 0x and {digits} hex digits, not {text}")
    return text


def _fields(entries, values):
    return {e["name"]: _plain(e, v) for e, v in zip(entries, values, strict=True)}


def _plain(entry, value):
    kind = entry["type"]
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return [_plain(inner, item) for item in value]
    if kind == "tuple":
        return _fields(entry["components"], value)
    if entry.get("internalType", "").startswith("enum "):
        return _enum_member(entry["internalType"].split()[-1], int(value))
    if kind.startswith("uint"):
        return int(value)
    return value if kind == "bool" else str(value)


def _enum_member(name, value):
    # The ABI tells an enum's name alone; its members are in the source.
    pattern = rf"enum {name.split('.')[-1]} \{{([^}}]*)\}}"
    for file in sorted((CONTRACTS / "src").rglob("*.sol")):
        found = re.search(pattern, file.read_text())
        if found:
            members = re.findall(r"\w+", re.sub(r"//.*", "", found[1]))
            return members[value] if value < len(members) else str(value)
    return str(value)
