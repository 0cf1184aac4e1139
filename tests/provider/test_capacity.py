"""What is offered leaves room for the owner."""

from __future__ import annotations

from pathlib import Path

from provider.capacity import KEPT_MEMORY_BYTES, Measured, measure, offered

GIB = 1 << 30


def test_half_of_the_spare_memory_and_a_core_for_each_execution() -> None:
    machine = Measured(8, 16 * GIB + KEPT_MEMORY_BYTES, 100 * GIB)
    capacity = offered(machine, 2)
    assert capacity.cpu_millis == 2000
    assert capacity.memory_bytes == 8 * GIB
    assert capacity.disk_bytes == 4 * GIB
    assert offered(machine, 99).cpu_millis == 8000


def test_a_full_machine_offers_nothing() -> None:
    assert offered(Measured(1, 1 << 20, 0), 1).memory_bytes == 0


def test_this_machine_has_something(tmp_path: Path) -> None:
    found = measure(tmp_path)
    assert found.cores >= 1
    assert found.available_memory_bytes > 0
    assert found.free_disk_bytes > 0
