"""`python -m deploy.demo [--keep]`"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
from pathlib import Path

from rich.console import Console

from deploy.demo.cast import Cast
from deploy.demo.run import Demo, DemoFailed
from deploy.demo.stages import Stages
from deploy.demo.story import Story
from deploy.interrupts import interruptible
from deploy.processes import ProcessEnded, Processes
from deploy.stack import Stack
from protocol.errors import FallowError

FOLDER = Path("build/demo")


def main() -> int:
    """Run the demo; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="The main job.")
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results go")
    options = parser.parse_args()
    console = Console(stderr=True)
    shutil.rmtree(options.folder, ignore_errors=True)
    work = options.folder / "work"
    try:
        with Processes(work / "logs") as processes, interruptible():
            stack = Stack(processes, work)
            story = Story(cast := Cast())
            Demo(console, options.folder, processes, stack, Stages(), cast, story).run()
            if options.keep:
                console.print(f"\nstill running: [bold]{stack.url}[/] (Ctrl-C ends it)")
                key_file = work / "keys" / "requester.key"
                console.print(f"to see the demo's own jobs there, import the key in {key_file}")
                threading.Event().wait()
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    except (FallowError, ProcessEnded, DemoFailed) as error:
        console.print(f"[red]the demo failed:[/] {error}")
        console.print(f"logs: {work / 'logs'}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
