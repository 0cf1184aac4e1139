"""The second job of the demo: word frequencies in a container, where an engine answers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import Conflict
from protocol.units import WEI_PER_CREDIT
from requester.draft import ContainerDraft
from requester.handle import JobHandle
from requester.requester import Requester

BUILDER = Path(__file__).parents[2] / "images" / "container" / "build.py"
COMMAND = ("/bin/sh", "/job/run.sh")
TEXTS_PER_TASK = 120
MOST_WORDS = 100
BUDGET_WEI = 20 * WEI_PER_CREDIT


@dataclass(frozen=True)
class ContainerJob:
    """The posted job and the texts of its tasks; or why there is none."""

    handle: JobHandle | None
    tasks: tuple[bytes, ...] = ()
    why_not: str = ""

    def wrong_tasks(self) -> list[int]:
        """The tasks whose output is not what counting here gives."""
        if self.handle is None:
            return []
        results = list(self.handle.results())
        wrong = [r.task for r in results if r.outcome.output != frequencies(self.tasks[r.task])]
        missing = set(range(len(self.tasks))) - {r.task for r in results}
        return sorted({*wrong, *missing})


def post_container_job(requester: Requester, texts: Sequence[str], folder: Path) -> ContainerJob:
    """Post it, unless no busybox is here to make the image of, or no provider runs containers."""
    made = subprocess.run(
        [sys.executable, str(BUILDER), "--output", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        return ContainerJob(None, why_not=made.stderr.strip())
    inputs = tuple(
        "\n".join(texts[first : first + TEXTS_PER_TASK]).encode()
        for first in range(0, len(texts), TEXTS_PER_TASK)
    )
    image = folder / "wordfrequency.tar"
    draft = ContainerDraft(image, COMMAND, label="word frequencies in containers")
    try:
        handle = requester.submit(draft, inputs, BUDGET_WEI)
    except Conflict:
        return ContainerJob(None, why_not="no provider here has a container engine")
    return ContainerJob(handle, inputs)


def frequencies(text: bytes) -> bytes:
    """What the job computes (images/container/wordfrequency): `count<TAB>word` lines."""
    counts = Counter(word.lower() for word in re.findall(rb"[A-Za-z]+", text))
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS]
    return b"".join(b"%d\t%s\n" % (count, word) for word, count in ranked)
