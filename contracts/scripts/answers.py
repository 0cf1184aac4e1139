"""What a script says: a table, or JSON, or one line about why not."""

import functools
import inspect
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from brownie._config import CONFIG
from requests import RequestException

WEI_PER_CREDIT = 10**18
SAFE_INTEGER = 2**53
_TIMES = ("At", "By", "Before", "After", "deadline")


class Refused(Exception):
    """The message is all that the operator sees."""


def operator_script(function):
    """Make `function` a script: what it returns is shown, and what it refuses is one line.

    It returns the table's values, or a pair: the table's, and JSON's.
    """

    @functools.wraps(function)
    def script(*arguments):
        try:
            _bind(function, arguments)
            show(function(*arguments))
        except Refused as refusal:
            message = str(refusal)
        except RequestException as error:
            message = f"the chain's endpoint does not answer: {type(error).__name__}"
        else:
            return
        if CONFIG.mode == "console":
            print(message)
        else:
            sys.exit(message)

    return script


def show(answer):
    """Print an answer where the script's answer belongs."""
    table, value = answer if isinstance(answer, tuple) else (answer, answer)
    text = as_table(table) if not os.environ.get("FALLOW_JSON") else as_json(value)
    descriptor = os.environ.get("FALLOW_OUTPUT_FD")
    if descriptor:
        with os.fdopen(int(descriptor), "w", closefd=False) as out:
            out.write(text + "\n")
    else:
        print(text)


def as_json(values):
    """Wei, and what a double cannot hold, as decimal text; everything else as it is."""
    return json.dumps(_jsonable("", values), indent=2)


def as_table(values):
    """A line for each value: its name, the value, and what it means to a person."""
    lines = list(_lines("", values))
    widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
    rows = ("  ".join([n.ljust(widths[0]), v.ljust(widths[1]), m]) for n, v, m in lines)
    return "\n".join(row.rstrip() for row in rows)


def _bind(function, arguments):
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        names = " ".join(name.upper() for name in inspect.signature(function).parameters)
        script = Path(inspect.getfile(function)).stem
        raise Refused(f"usage: run {script} {function.__name__} {names}".rstrip()) from None


def _jsonable(name, value):
    if isinstance(value, dict):
        return {key: _jsonable(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(name, item) for item in value]
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and (_is_wei(name) or value >= SAFE_INTEGER) else value


def _lines(name, value):
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list) and value:
        items = enumerate(value)
    else:
        yield name, "none" if value == [] else str(value), _meaning(name.split(".")[-1], value)
        return
    for key, item in items:
        yield from _lines(f"{name}.{key}" if name else str(key), item)


def _meaning(name, value):
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    if _is_wei(name):
        whole, rest = divmod(value, WEI_PER_CREDIT)
        return f"{whole:,}.{rest:018d}".rstrip("0").rstrip(".") + " credits"
    if name.endswith(_TIMES) and 0 < value < 2**36:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return ""


def _is_wei(name):
    return name.endswith(("Wei", "_wei"))
