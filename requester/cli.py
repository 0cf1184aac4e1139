"""`fallow`: one command, put together from the parts that are installed.

A part offers a typer app under the entry-point group `fallow.commands`: an app with a single
command becomes that command (`fallow up`), any other becomes a group (`fallow provider start`). It
is imported when it is used, and one that cannot be imported leaves the others alone.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from protocol.errors import ExecutorUnavailable, FallowError
from requester import commands

GROUP = "fallow.commands"
STOPPED_EXIT_CODE = 130
# What typer adds to every app that is not told otherwise; of use on a program's root only.
_COMPLETION = ("install_completion", "show_completion")
EXIT_CODES = (
    "Exit codes: 0 done; 1 unexpected error; 2 bad input or usage; 3 not allowed (key, signature, "
    "session); 4 not found; 5 does not fit the current state; 6 not enough credits, or over the "
    "budget; 7 market or chain out of reach; 8 the execution failed; "
    "9 a claim failed, or a ringer's result was wrong; 130 stopped or not confirmed."
)


class Parts(TyperGroup):
    """A group whose members come from the installed parts."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The parts' names, in alphabetical order."""
        return sorted({*super().list_commands(ctx), *_entry_points()})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The part's command, imported now."""
        own = super().get_command(ctx, cmd_name)
        found = _entry_points().get(cmd_name)
        return own if own is not None or found is None else _load(found)


root = typer.Typer(
    cls=Parts,
    name="fallow",
    help="A marketplace that puts opted-in idle devices to work on AI.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
root.add_typer(commands.account_app, name="account")


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(version("fallow"))
        raise typer.Exit


@root.callback()
def _root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console script: whatever happens, a user sees one line and an exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Perform a command line; return its exit code."""
    try:
        result = get_command(root).main(
            args=list(arguments), prog_name="fallow", standalone_mode=False
        )
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except BrokenPipeError:
        # The reader has gone (`| head`); nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - nobody is shown a traceback
        return _report(error)


def _report(error: BaseException) -> int:
    """Say in a line what went wrong; return the exit code."""
    if isinstance(error, FallowError):
        return _fail(error.message, error.exit_code)
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return _fail("stopped", STOPPED_EXIT_CODE)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 1)
    return _fail(f"unexpected {type(error).__name__}; details are in {_write_log(error)}", 1)


def _fail(message: str, exit_code: int) -> int:
    print("fallow: " + " ".join(message.split()), file=sys.stderr)  # noqa: T201
    return exit_code


def _usage(error: typer.TyperException) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        # Asking its message for the help has printed it, unless rich is switched off.
        if help_text := error.format_message():
            typer.echo(help_text)
        return error.exit_code
    command = getattr(getattr(error, "ctx", None), "command_path", "fallow")
    return _fail(f"{error.format_message()} Try: {command} --help", error.exit_code)


def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Any:
    """The part's command, or one that says why there is none."""
    try:
        command = get_command(point.load())
    except Exception as error:  # noqa: BLE001 - a broken part must not break the others
        return _unavailable(point.name, f"{type(error).__name__}: {error}")
    command.name = point.name
    command.params = [p for p in command.params if p.name not in _COMPLETION]
    return command


def _unavailable(name: str, reason: str) -> Any:
    app = typer.Typer(add_completion=False)
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}

    @app.command(name, context_settings=settings, help="(not available in this installation)")
    def refuse() -> None:
        raise ExecutorUnavailable(f"`fallow {name}` is not available here: {reason}")

    return get_command(app)


def _write_log(error: BaseException) -> str:
    """Keep the traceback for a bug report, readable by its owner alone."""
    base = os.environ.get("XDG_STATE_HOME")
    folder = (Path(base) if base else Path.home() / ".local" / "state") / "fallow"
    path = folder / f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("".join(traceback.format_exception(error)))
    except OSError as problem:
        return f"no file ({problem.strerror})"
    return str(path)


if __name__ == "__main__":
    main()
