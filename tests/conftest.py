"""For all tests: in which order their files begin, and that a busy machine fails none."""

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("fallow", deadline=None)
settings.load_profile("fallow")

# Whole stacks of processes, and what waits for blocks and windows: begun last, one of them would
# keep a worker busy when the others have ended.
LONGEST_FIRST = ["deploy", "e2e", "attacks", "verifier", "market", "requester"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the folders that take longest first, and leave the rest as it is."""
    tests = config.rootpath / "tests"

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)
