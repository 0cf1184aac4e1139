"""`fallow` as a user runs it: exit codes, one-line errors, JSON, no colours where none belong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eth_account.signers.local import LocalAccount

from protocol.result import Outcome
from protocol.units import WEI_PER_CREDIT, to_hex
from requester import cli
from requester.recipes.embeddings.codec import HIDDEN
from tests.requester.job_market import JobMarket
from tests.support.chains import start_anvil

FALLOW = (sys.executable, "-m", "requester.cli")


@pytest.fixture
def home(tmp_path: Path, wallet: LocalAccount) -> Path:
    key = tmp_path / "home" / "key"
    key.parent.mkdir()
    key.write_text("0x" + bytes(wallet.key).hex())
    key.chmod(0o600)
    return key.parent


class Shell:
    """Runs `fallow` in its own home."""

    def __init__(self, home: Path, market: str) -> None:
        self.home = home
        cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CACHE_HOME": cache,
            "FALLOW_MARKET": market,
            "FALLOW_KEY_FILE": str(home / "key"),
        }

    def __call__(self, *words: str, code: int = 0, **environment: str) -> tuple[str, str]:
        done = subprocess.run(
            [*FALLOW, *words],
            env=self.environment | environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json")[0])

    def fails(self, code: int, *words: str, **environment: str) -> str:
        """The one line that the user sees."""
        out, err = self(*words, code=code, **environment)
        assert out == ""
        lines = err.splitlines()
        assert lines[-1].startswith("fallow: ")
        return lines[-1]


@pytest.fixture
def fallow(market: JobMarket, home: Path) -> Shell:
    return Shell(home, market.url)


@pytest.fixture
def book(home: Path) -> Path:
    path = home / "book.txt"
    path.write_text("".join(f"line {number}\n" for number in range(7)))
    return path


@pytest.fixture(scope="module")
def rpc_url() -> Iterator[str]:
    with start_anvil() as url:
        yield url


def test_ringers_from_quote_to_results(
    fallow: Shell, book: Path, market: JobMarket, rpc_url: str
) -> None:
    (fallow.home / "known").write_text("abc")
    (fallow.home / "known.jsonl").write_text(
        json.dumps({"input": "known", "result_hash": to_hex(Outcome(b"cba").digest)})
    )
    run = ("job", "run", "--program", "noop", "--input", str(book), "--split-lines", "3", "--yes")
    known = ("--ringers", "known.jsonl", "--guess", "0.5", "--detach", "--rpc", rpc_url)
    out, err = fallow(*run, *known)
    assert "1 of the tasks are ringers" in err
    assert "at most 0.1 credits of the price" in err
    shown = fallow.json("job", "show", out.strip(), "--tasks")
    assert [task["task"] for task in shown["tasks"]] == [0, 1, 2]
    assert shown["job"]["task_count"] == 4
    assert "1 of these" in fallow("job", "show", out.strip())[0]
    assert len(fallow.json("job", "download", out.strip(), "-o", "results")["files"]) == 3
    assert "use each once" in fallow.fails(2, *run, *known)


def test_how_many_ringers_are_needed(fallow: Shell, book: Path) -> None:
    found = fallow.json("job", "ringers", "--tasks", "1000", "--price", "1", "--guess", "0.5")
    assert found == {
        "ringers": 44,
        "least_share_ppm": 42000,
        "cost_wei": str(44 * WEI_PER_CREDIT),
    }
    assert "4.20 %" in fallow("job", "ringers", "--tasks", "1000", "--price", "1")[0]
    line = fallow.fails(2, "job", "ringers", "--tasks", "1000", "--price", "1", "--guess", "1")
    assert "harder to guess" in line
    run = ("job", "run", "--program", "noop", "--input", str(book), "--yes", "--detach")
    assert "0 ringers are too few" in fallow(*run, "--guess", "0.9")[1]


def test_a_job_without_ringers_has_none_to_check(fallow: Shell, book: Path) -> None:
    run = ("job", "run", "--program", "noop", "--input", str(book), "--yes", "--detach")
    assert "no ringers" in fallow.fails(4, "job", "check", fallow(*run)[0].strip())


def test_run_show_list_download_cancel(fallow: Shell, book: Path, market: JobMarket) -> None:
    run = ("job", "run", "--program", "textstats", "--input", str(book), "--split-lines", "3")
    out, err = fallow(*run, "--yes", "-o", "results", "--label", "book")
    job_id = out.strip()
    assert len(job_id) == 66
    assert "at most 0.550000000000000007 credits in all" in err
    assert "settled: 3 paid" in err
    results = sorted((fallow.home / "results").iterdir())
    assert [path.name for path in results] == [f"task-00000{n}.bin" for n in range(3)]
    assert results[2].read_bytes() == b"line 6\n"[::-1]

    assert fallow.json("job", "list")[0]["job_id"] == job_id
    shown = fallow.json("job", "show", job_id[:10], "--tasks", "--receipt")
    assert shown["job"]["status"] == "SETTLED"
    assert [task["task"] for task in shown["tasks"]] == [0, 1, 2]
    assert shown["receipt"]["payments"][0]["count"] == 3
    text = fallow("job", "show", job_id, "--tasks", "--receipt")[0]
    assert "book" in text
    assert "SETTLED" in text
    assert job_id in fallow("job", "list")[0]
    assert len(fallow.json("job", "download", job_id, "-o", "again")["files"]) == 3
    assert "cancelling" in fallow("job", "cancel", job_id, "--yes")[0]


def test_a_job_that_the_market_has_stopped(fallow: Shell, book: Path, market: JobMarket) -> None:
    market.held = {0}
    run = ("job", "run", "--program", "noop", "--input", str(book), "--yes", "--detach")
    job_id = fallow(*run)[0].strip()
    (posted,) = market.posted.values()
    posted.stopped_because = "the program is not deterministic. Cancel the job"
    lines = fallow("job", "show", job_id, "--tasks")[0].splitlines()
    facts = {line[:13].strip(): line[13:].strip() for line in lines}
    assert facts["stopped"] == posted.stopped_because
    assert facts["lost leases"] == "2 offline, 1 error"
    assert "error: disk_full" in lines[-1]


def test_json_is_all_of_stdout(fallow: Shell, book: Path) -> None:
    document = fallow.json(
        "job", "run", "--program", "noop", "--input", str(book), "--yes", "--detach"
    )
    assert document["job"]["task_count"] == 1
    assert document["files"] == []


def test_embeddings(fallow: Shell, market: JobMarket) -> None:
    texts = ["a first text", "a second", "a third"]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (fallow.home / "texts.jsonl").write_text(lines)

    def run(data: bytes) -> Outcome:
        count = int.from_bytes(data[8:12], "little")
        return Outcome(np.full((count, HIDDEN), count, "<f4").tobytes())

    market.run = run
    fallow(
        "job", "run", "--recipe", "embeddings", "--texts", "texts.jsonl", "--texts-per-task", "2",
        "--yes", "-o", "vectors.npy",
    )  # fmt: skip
    vectors = np.load(fallow.home / "vectors.npy")
    assert vectors.shape == (3, HIDDEN)
    assert vectors[:, 0].tolist() == [2, 2, 1]


def test_nothing_is_posted_without_consent(fallow: Shell, book: Path, market: JobMarket) -> None:
    run = ("job", "run", "--program", "noop", "--input", str(book))
    assert "--yes" in fallow.fails(2, *run)
    assert not market.posted
    assert not market.uploads


def test_the_budget_is_hard_even_with_yes(fallow: Shell, book: Path, market: JobMarket) -> None:
    run = ("job", "run", "--program", "noop", "--input", str(book), "--yes", "--budget", "0.3")
    assert "over the budget of 0.3" in fallow.fails(6, *run)
    assert not market.posted


def test_deposits_what_is_missing_when_told(
    fallow: Shell, book: Path, market: JobMarket, wallet: LocalAccount
) -> None:
    market.balances[wallet.address] = 0
    run = ("job", "run", "--program", "noop", "--input", str(book), "--yes")
    assert "deposit" in fallow.fails(6, *run)
    fallow(*run, "--deposit")
    assert market.balances[wallet.address] == 0
    assert len(market.posted) == 1


def test_accounts(fallow: Shell, wallet: LocalAccount, market: JobMarket) -> None:
    assert fallow("account", "key")[0].strip() == wallet.address
    view = fallow.json("account", "fund", "2.5", "--faucet")
    assert view["balance_wei"] == str(125 * WEI_PER_CREDIT // 10)
    assert "12.5 credits" in fallow("account", "show")[0]
    other = "0x" + "00" * 19 + "01"
    assert fallow.json("account", "show", other)["balance_wei"] == "0"
    made = fallow.json("account", "key", "--create", "--key-file", "new/key")
    assert (fallow.home / "new" / "key").stat().st_mode & 0o777 == 0o600
    assert made["address"] == fallow("account", "key", "--key-file", "new/key")[0].strip()


@pytest.mark.parametrize(
    ("code", "words", "says"),
    [
        (2, ["job", "run"], "say one of --recipe"),
        (2, ["job", "run", "--program", "noop"], "--input FILE"),
        (2, ["job", "run", "--program", "noop", "--input", "nowhere"], "nowhere"),
        (4, ["job", "run", "--program", "nonsense", "--input", "key"], "textstats"),
        (2, ["job", "run", "--nonsense"], "Try: fallow job run --help"),
        (2, ["job", "run", "--recipe", "embeddings", "--texts", "key"], "line 1"),
        (2, ["job", "show"], "Missing argument"),
        (2, ["job", "show", "0x12"], "64 hex digits"),
        (2, ["job", "show", "0x123456"], "0 of the wallet's jobs"),
        (4, ["job", "show", "0x" + "ab" * 32], "nothing under that name"),
        (2, ["account", "fund", "much"], "not an amount"),
        (6, ["account", "fund", "1000"], "holds 100 credits"),
        (2, ["account", "show", "0x12"], "not an address"),
        (2, ["nonsense"], "No such command"),
        (4, ["account", "key", "--key-file", "nowhere"], "fallow account key --create"),
        (2, ["account", "show", "--market", "nonsense"], "http://"),
    ],
)
def test_errors_are_one_line_with_a_code(
    fallow: Shell,
    code: int,
    words: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # In this process: each would take a second to start.
    for name, value in fallow.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(fallow.home)
    assert cli.run(words) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("fallow: ")
    assert says in line


def test_no_market(fallow: Shell) -> None:
    line = fallow.fails(7, "account", "show", FALLOW_MARKET="http://127.0.0.1:1")
    assert "http://127.0.0.1:1" in line


def test_a_readable_key_file_is_refused(fallow: Shell) -> None:
    (fallow.home / "key").chmod(0o644)
    assert "chmod 600" in fallow.fails(2, "job", "list")


def test_an_unexpected_error_leaves_a_log(fallow: Shell, market: JobMarket) -> None:
    script = (
        "from requester import cli, commands\n"
        "def broken(): raise ZeroDivisionError('secret')\n"
        "commands.app.registered_commands[1].callback = broken\n"
        "raise SystemExit(cli.run(['job', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=fallow.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("fallow: unexpected ZeroDivisionError; details are in ")
    log = Path(line.rpartition(" ")[2])
    assert log.is_relative_to(fallow.home)
    assert "ZeroDivisionError: secret" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_broken_part_leaves_the_others(fallow: Shell) -> None:
    script = (
        "import sys\n"
        "from importlib.metadata import EntryPoint\n"
        "from requester import cli\n"
        "points = [EntryPoint('job', 'requester.commands:app', cli.GROUP),\n"
        "          EntryPoint('up', 'there_is_none:app', cli.GROUP)]\n"
        "cli.entry_points = lambda group: points\n"
        "raise SystemExit(cli.run(sys.argv[1:]))"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *words],
            env=fallow.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run("job", "list", "--json").returncode == 0
    assert "not available" in run("--help").stdout
    broken = run("up", "--port", "1")
    assert broken.returncode == 8
    (line,) = broken.stderr.splitlines()
    assert "`fallow up` is not available here: ModuleNotFoundError" in line


def test_help_names_the_exit_codes(fallow: Shell) -> None:
    out, _ = fallow("--help")
    for code in ("0 done", "7 market or chain", "130 stopped"):
        assert code in " ".join(out.split())
    assert fallow("--version")[0].startswith("0.")
    assert "Usage" in fallow(code=2)[0]


@pytest.mark.parametrize("words", [["--help"], ["job", "list"], ["job", "run", "--help"]])
def test_no_color(fallow: Shell, words: list[str]) -> None:
    out, err = fallow(*words, NO_COLOR="1", TERM="xterm-256color")
    assert "\x1b[3" not in out + err
    assert "\x1b[1;3" not in out + err


def test_the_key_never_shows(fallow: Shell, wallet: LocalAccount) -> None:
    digits = bytes(wallet.key).hex()
    for words in (["account", "key"], ["account", "key", "--json"], ["job", "list", "--json"]):
        out, err = fallow(*words)
        assert digits not in out + err
    (fallow.home / "key").write_text("0x" + digits[:-1])
    assert digits[:-1] not in fallow.fails(2, "account", "key")
