"""ABI to Python and back: calls, their answers, events and errors, as plain tuples."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from eth_abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils import keccak, to_checksum_address

from protocol.errors import ChainRejected, InvalidInput

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract as the package ships it."""

    name: str
    abi: tuple[Entry, ...]
    bytecode: bytes


@dataclass(frozen=True, slots=True)
class EventShape:
    """How one event is laid out in a log."""

    name: str
    inputs: tuple[Entry, ...]

    def decode(self, topics: list[bytes], data: bytes) -> dict[str, Any]:
        """The event's arguments under their Solidity names."""
        indexed = [i for i in self.inputs if i["indexed"]]
        plain = [i for i in self.inputs if not i["indexed"]]
        values = dict(zip((i["name"] for i in plain), decode_values(plain, data), strict=True))
        for entry, topic in zip(indexed, topics[1:], strict=True):
            (values[entry["name"]],) = decode_values([entry], topic)
        return {i["name"]: values[i["name"]] for i in self.inputs}


class Codec:
    """The calls and events of one contract."""

    def __init__(self, abi: tuple[Entry, ...]) -> None:
        self._functions = {e["name"]: e for e in abi if e["type"] == "function"}
        self._by_selector = {selector(e): e for e in self._functions.values()}
        self._constructor = next((e for e in abi if e["type"] == "constructor"), None)
        self.events = {
            keccak(text=signature(e)): EventShape(e["name"], tuple(e["inputs"]))
            for e in abi
            if e["type"] == "event"
        }

    def encode_call(self, function: str, *arguments: Any) -> bytes:
        """The data of a transaction that calls `function`.

        Raises:
            InvalidInput: the arguments do not fit.
        """
        entry = self._functions[function]
        return selector(entry) + encode_values(entry["inputs"], arguments, function)

    def decode_call(self, data: bytes) -> tuple[str, tuple[Any, ...]] | None:
        """Which function a transaction's data calls, with what; None: none of these, or badly."""
        entry = self._by_selector.get(data[:4])
        if entry is None:
            return None
        try:
            return entry["name"], decode_values(entry["inputs"], data[4:])
        except DecodingError:
            return None

    def decode_answer(self, function: str, data: bytes) -> tuple[Any, ...]:
        """What a call of `function` returned.

        Raises:
            ChainRejected: there is no such contract at the address that was called.
        """
        try:
            return decode_values(self._functions[function]["outputs"], data)
        except DecodingError:
            raise ChainRejected(f"no contract answers {function}() at that address") from None

    def encode_constructor(self, *arguments: Any) -> bytes:
        """What a deployment appends to the bytecode."""
        inputs = self._constructor["inputs"] if self._constructor else []
        return encode_values(inputs, arguments, "constructor")


@cache
def artifact(name: str) -> Artifact:
    """The shipped artifact of the contract `name`."""
    text = resources.files("protocol.chain").joinpath(f"artifacts/{name}.json").read_text()
    value = json.loads(text)
    bytecode = bytes.fromhex(value["bytecode"].removeprefix("0x"))
    return Artifact(name, tuple(value["abi"]), bytecode)


@cache
def codec(name: str) -> Codec:
    """The codec of the shipped contract `name`."""
    return Codec(artifact(name).abi)


def signature(entry: Entry) -> str:
    """`transfer(address,uint256)`."""
    return f"{entry['name']}({','.join(type_of(i) for i in entry['inputs'])})"


def selector(entry: Entry) -> bytes:
    """The four bytes that name a function or an error."""
    return keccak(text=signature(entry))[:4]


def type_of(entry: Entry) -> str:
    """An input's type with its tuples written out."""
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(type_of(i) for i in entry["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def encode_values(inputs: Any, values: Any, name: str) -> bytes:
    """ABI-encode `values`.

    Raises:
        InvalidInput: they do not fit `inputs`.
    """
    try:
        return encode([type_of(i) for i in inputs], list(values))
    except (EncodingError, ValueError, TypeError) as error:
        raise InvalidInput(f"{name}: {error}") from None


def decode_values(inputs: Any, data: bytes) -> tuple[Any, ...]:
    """ABI-decode `data`; addresses come checksummed, as everywhere in Fallow."""
    values = decode([type_of(i) for i in inputs], data)
    return tuple(_checksummed(i, v) for i, v in zip(inputs, values, strict=True))


def _checksummed(entry: Entry, value: Any) -> Any:
    kind = str(entry["type"])
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return tuple(_checksummed(inner, item) for item in value)
    if kind == "tuple":
        parts = zip(entry["components"], value, strict=True)
        return tuple(_checksummed(part, item) for part, item in parts)
    return to_checksum_address(value) if kind == "address" else value
