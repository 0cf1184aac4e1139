"""Many lease results, committed together under one hash. Mirrors types/Batch.sol.

What leases share (jobs, providers) stands once; a line points to it. Whoever does something about a
batch brings the whole of it along, as `BatchCommitted` published it: the chain keeps only its hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from eth_abi import encode
from eth_utils import keccak

from protocol import pricing
from protocol.errors import InvalidInput
from protocol.job import Job
from protocol.lease import CommittedLease, LeaseResult
from protocol.units import Address, Bytes32, parse_address, parse_bytes32, parse_uint, to_hex

MAX_ITEMS = 64
_ABI_TYPE = "(address,(bytes32,uint256)[],uint256[],(bytes32,bytes32,uint256)[])"
_ADDRESS_BITS = 160
# From the lowest bit, as types/LeaseTerms.sol packs them.
_TERMS_BITS = (("job", 8), ("provider", 8), ("first_task", 32), ("count", 16), ("amount", 96))


@dataclass(frozen=True, slots=True)
class JobRef:
    """A job that a batch has leases of."""

    job_id: Bytes32
    requester: Address
    task_count: int

    def __post_init__(self) -> None:
        _parse_fields(self, job_id=parse_bytes32, requester=parse_address, task_count=32)

    @property
    def owner(self) -> int:
        """The requester and the number of tasks in one word. Mirrors types/Batch.sol's `Owner`."""
        return int(self.requester, 16) | self.task_count << _ADDRESS_BITS

    @classmethod
    def unpack(cls, job_id: Bytes32, owner: int) -> Self:
        """The job whose requester and number of tasks `owner` packs.

        Raises:
            InvalidInput: `owner` has bits above its fields.
        """
        return cls(job_id, *_split(owner))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "job_id": to_hex(self.job_id),
            "requester": self.requester,
            "task_count": self.task_count,
        }


@dataclass(frozen=True, slots=True)
class Party:
    """A provider with leases in a batch, and the stake that stood behind it at the commitment."""

    wallet: Address
    stake_wei: int

    def __post_init__(self) -> None:
        _parse_fields(self, wallet=parse_address, stake_wei=96)

    @property
    def word(self) -> int:
        """Both in one word. Mirrors types/Batch.sol's `Party`."""
        return int(self.wallet, 16) | self.stake_wei << _ADDRESS_BITS

    @classmethod
    def unpack(cls, word: int) -> Self:
        """The provider that `word` packs."""
        return cls(*_split(word))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"wallet": self.wallet, "stake_wei": str(self.stake_wei)}


@dataclass(frozen=True, slots=True)
class LeaseLine:
    """A lease result without what it shares; `job` and `provider` are indices into the batch."""

    lease_id: Bytes32
    result_root: Bytes32
    job: int
    provider: int
    first_task: int
    count: int
    amount: int

    def __post_init__(self) -> None:
        _parse_fields(self, lease_id=parse_bytes32, result_root=parse_bytes32, **dict(_TERMS_BITS))

    @property
    def terms(self) -> int:
        """The numbers in one word. Mirrors types/LeaseTerms.sol."""
        word, shift = 0, 0
        for name, bits in _TERMS_BITS:
            word |= getattr(self, name) << shift
            shift += bits
        return word

    @classmethod
    def unpack(cls, lease_id: Bytes32, result_root: Bytes32, terms: int) -> Self:
        """The line whose numbers `terms` packs.

        Raises:
            InvalidInput: `terms` has bits above its fields.
        """
        numbers, rest = {}, terms
        for name, bits in _TERMS_BITS:
            numbers[name] = rest & ((1 << bits) - 1)
            rest >>= bits
        if rest:
            raise InvalidInput("a lease's terms have bits above their fields")
        return cls(lease_id, result_root, **numbers)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        numbers = {name: getattr(self, name) for name, _ in _TERMS_BITS}
        hashes = {"lease_id": to_hex(self.lease_id), "result_root": to_hex(self.result_root)}
        return hashes | numbers | {"amount": str(self.amount)}


@dataclass(frozen=True, slots=True)
class Batch:
    """What `BatchCommitted` publishes.

    Raises:
        InvalidInput: a line points outside of the batch, or is about no task.
    """

    operator: Address
    jobs: tuple[JobRef, ...]
    providers: tuple[Party, ...]
    lines: tuple[LeaseLine, ...]

    def __post_init__(self) -> None:
        _parse_fields(self, operator=parse_address)
        for line in self.lines:
            if line.job >= len(self.jobs) or line.provider >= len(self.providers):
                raise InvalidInput("a lease's line points outside of its batch")
            if line.count == 0:
                raise InvalidInput("a lease has at least one task")

    def batch_id(self) -> Bytes32:
        """keccak(abi.encode(batch)): what the chain knows it by."""
        return Bytes32(keccak(encode([_ABI_TYPE], [self.values()])))

    def values(self) -> tuple[object, ...]:
        """As contract calls take it."""
        return (
            self.operator,
            [(ref.job_id, ref.owner) for ref in self.jobs],
            [party.word for party in self.providers],
            [(line.lease_id, line.result_root, line.terms) for line in self.lines],
        )

    @classmethod
    def from_values(cls, values: Sequence[Any]) -> Self:
        """From a decoded event or call."""
        operator, jobs, providers, lines = values
        return cls(
            operator,
            tuple(JobRef.unpack(*ref) for ref in jobs),
            tuple(Party.unpack(word) for word in providers),
            tuple(LeaseLine.unpack(*line) for line in lines),
        )

    def result(self, line: int) -> LeaseResult:
        """What the device signed, put together again."""
        given = self.lines[line]
        return LeaseResult(
            lease_id=given.lease_id,
            job_id=self.jobs[given.job].job_id,
            provider=self.providers[given.provider].wallet,
            first_task=given.first_task,
            count=given.count,
            amount=given.amount,
            result_root=given.result_root,
        )

    def audit_rate_ppm(self, line: int) -> int:
        """The audit rate of a lease: by its price and the stake that was noted for its provider."""
        given = self.lines[line]
        stake_wei = self.providers[given.provider].stake_wei
        return pricing.audit_rate_ppm(given.amount // given.count, stake_wei)

    def requester(self, line: int) -> Address:
        """Whose job a lease belongs to."""
        return self.jobs[self.lines[line].job].requester

    @property
    def leases(self) -> tuple[CommittedLease, ...]:
        """Every lease with its audit rate, in the order of the lines."""
        return tuple(
            CommittedLease(self.result(line), self.audit_rate_ppm(line))
            for line in range(len(self.lines))
        )

    def to_json(self) -> dict[str, Any]:
        """Wei as decimal text, hashes as 0x hex, everything else as numbers."""
        return {
            "operator": self.operator,
            "jobs": [ref.to_json() for ref in self.jobs],
            "providers": [party.to_json() for party in self.providers],
            "lines": [line.to_json() for line in self.lines],
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: a field is missing, unknown, or not of its form.
        """
        fields = _fields("a batch", value, ("operator", "jobs", "providers", "lines"))
        return cls(
            fields["operator"],
            _read_all(JobRef, fields["jobs"], ("job_id", "requester", "task_count")),
            _read_all(Party, fields["providers"], ("wallet", "stake_wei")),
            _read_all(
                LeaseLine,
                fields["lines"],
                ("lease_id", "result_root", *(name for name, _ in _TERMS_BITS)),
            ),
        )


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Lease results in the order and form in which the chain takes them."""

    job_ids: tuple[Bytes32, ...]
    providers: tuple[Address, ...]
    lines: tuple[LeaseLine, ...]


def arrange(results: Sequence[LeaseResult]) -> Arrangement:
    """The jobs of `results` by rising id, their providers as they first come, and their lines.

    The lines are in the order given; the chain wants them by rising lease id, each once.

    Raises:
        InvalidInput: none, or more than `MAX_ITEMS`, or a number that a line has no room for.
    """
    if not 1 <= len(results) <= MAX_ITEMS:
        raise InvalidInput(f"a batch has 1 to {MAX_ITEMS} leases, not {len(results)}")
    job_ids = tuple(sorted({result.job_id for result in results}))
    providers = tuple(dict.fromkeys(result.provider for result in results))
    lines = tuple(
        LeaseLine(
            lease_id=result.lease_id,
            result_root=result.result_root,
            job=job_ids.index(result.job_id),
            provider=providers.index(result.provider),
            first_task=result.first_task,
            count=result.count,
            amount=result.amount,
        )
        for result in results
    )
    return Arrangement(job_ids, providers, lines)


def make_batch(
    operator: Address,
    jobs: Mapping[Bytes32, Job],
    results: Sequence[LeaseResult],
    stakes: Mapping[Address, int],
) -> Batch:
    """The batch that `commitBatch` makes of `results`, in whatever order it is given `jobs`.

    Raises:
        InvalidInput: see `arrange`; or a job or a stake is missing.
    """
    order = arrange(results)
    refs = [(job_id, _known(jobs, job_id)) for job_id in order.job_ids]
    return Batch(
        operator,
        tuple(JobRef(job_id, job.requester, job.task_count) for job_id, job in refs),
        tuple(Party(wallet, _known(stakes, wallet)) for wallet in order.providers),
        order.lines,
    )


def _split(word: int) -> tuple[Address, int]:
    """An address and the number above it."""
    address = word & ((1 << _ADDRESS_BITS) - 1)
    return parse_address(f"0x{address:040x}"), word >> _ADDRESS_BITS


def _known(values: Mapping[Any, Any], key: object) -> Any:
    if key not in values:
        name = to_hex(key) if isinstance(key, bytes) else key
        raise InvalidInput(f"the batch has a lease of {name}, which was not given")
    return values[key]


def _parse_fields(record: object, **parsers: Any) -> None:
    """Check each field with a function, or as an unsigned integer of so many bits."""
    for name, parser in parsers.items():
        value = getattr(record, name)
        try:
            parsed = parse_uint(value, parser) if isinstance(parser, int) else parser(value)
        except InvalidInput as error:
            raise InvalidInput(f"{name}: {error}") from None
        object.__setattr__(record, name, parsed)


def _read_all(kind: Any, value: object, names: tuple[str, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise InvalidInput("a batch's jobs, providers and lines are lists")
    return tuple(kind(**_fields(kind.__name__, item, names)) for item in value)


def _fields(what: str, value: object, names: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise InvalidInput(f"{what} has exactly the fields {', '.join(names)}")
    return value
