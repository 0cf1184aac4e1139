"""A provider's standing resources and price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.spec import CPU_CLASSES, Spec
from protocol.typed_data import TypedMessage
from protocol.units import Address

RUNTIME_WASM = 1
RUNTIME_CONTAINER = 2
RUNTIME_BITS = {"wasm": RUNTIME_WASM, "container": RUNTIME_CONTAINER}
CPU_CLASS_BITS = {name: 1 << bit for bit, name in enumerate(CPU_CLASSES)}


@dataclass(frozen=True)
class Offer(TypedMessage):
    """What a device offers, signed by its key. Lives off chain.

    `runtimes` and `cpu_classes` are bit sets: RUNTIME_BITS, CPU_CLASS_BITS.
    """

    TYPE: ClassVar[tuple[tuple[str, str], ...]] = (
        ("provider", "address"),
        ("device", "address"),
        ("runtimes", "uint8"),
        ("cpuMillis", "uint32"),
        ("memoryBytes", "uint64"),
        ("diskBytes", "uint64"),
        ("askPerCoreSecond", "uint96"),
        ("expiresAt", "uint40"),
        ("nonce", "uint256"),
        ("cpuClasses", "uint8"),
    )

    provider: Address
    device: Address
    runtimes: int
    cpu_millis: int
    memory_bytes: int
    disk_bytes: int
    ask_per_core_second: int
    expires_at: int
    nonce: int
    cpu_classes: int = 0

    def fits(self, spec: Spec) -> bool:
        """Whether one task of `spec` fits on the device."""
        need = spec.resources
        return (
            bool(self.runtimes & RUNTIME_BITS[spec.runtime.kind])
            and self.has_cpu_class(need.cpu_class)
            and self.cpu_millis >= need.cpu_millis
            and self.memory_bytes >= need.memory_bytes
            and self.disk_bytes >= need.disk_bytes
            and self.most_tasks(spec) > 0
        )

    def has_cpu_class(self, cpu_class: str | None) -> bool:
        """Whether the device's processor is of that class; None: any will do."""
        return cpu_class is None or bool(self.cpu_classes & CPU_CLASS_BITS[cpu_class])

    def most_tasks(self, spec: Spec) -> int:
        """How many tasks a lease may have: a device holds all their outputs in memory at once."""
        return self.memory_bytes // 2 // spec.limits.output_bytes
