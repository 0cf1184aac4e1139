"""The order of the files, so that no worker is left alone with a long one at the end."""

import pytest

# Those that start whole stacks of processes, and those that wait for blocks and windows.
LONGEST_FIRST = ["deploy", "e2e", "verifier", "market", "requester"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the folders that take longest first, and leave the rest as it is."""
    tests = config.rootpath / "tests"

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)
