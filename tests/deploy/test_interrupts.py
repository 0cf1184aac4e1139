"""An interrupt is heard, even when Python drops the first one."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, time
from deploy.interrupts import interruptible

class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0.1)  # the handler raises in here, where nobody hears it

try:
    with interruptible():
        deaf = Deaf()
        del deaf
        print("dropped", flush=True)
        time.sleep(30)
except KeyboardInterrupt:
    os.kill(os.getpid(), signal.SIGINT)  # an impatient user, while we clean up
    time.sleep(0.7)
    print("cleaned up")
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_python_drops_comes_again(number: signal.Signals) -> None:
    script = SCRIPT.format(name=number.name)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout.split("\n")[:2] == ["dropped", "cleaned up"], done.stderr
    assert done.returncode == 130
    assert "Exception ignored" in done.stderr
