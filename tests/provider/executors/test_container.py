"""The container executor on the real Docker Engine: honest jobs, and every way to misbehave."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from protocol.errors import ExecutionFailed, ExecutorUnavailable, NotDeterministic
from protocol.result import Outcome
from provider.canary import Canary
from provider.executors.base import ExecutionStopped, LeaseWork, ignore_task_done
from provider.executors.container import OWNER_LABEL, ContainerExecutor
from provider.executors.container_limits import runtime_for

MakeContainerWork = Callable[..., LeaseWork]
EXIT_CODE = Outcome(failure="exit_code")


def execute(owner: str, work: LeaseWork) -> list[Outcome]:
    return ContainerExecutor(owner).run(work, ignore_task_done)


def said(owner: str, work: LeaseWork) -> str:
    """The output of a work's only task, as text."""
    (outcome,) = execute(owner, work)
    assert outcome.failure is None
    return outcome.output.decode()


def test_the_shipped_job_counts_words(owner: str, make_container_work: MakeContainerWork) -> None:
    texts = (b"The cat and the dog. THE END!\n", "b a b ä a c".encode(), b"")
    done: list[int] = []
    work = make_container_work(inputs=texts, command=("/bin/sh", "/job/run.sh"), first_task=41)
    outcomes = ContainerExecutor(owner).run(work, lambda task, _: done.append(task))
    assert [outcome.output for outcome in outcomes] == [
        b"3\tthe\n1\tand\n1\tcat\n1\tdog\n1\tend\n",
        b"2\ta\n2\tb\n1\tc\n",
        b"",
    ]
    assert done == [41, 42, 43]


def test_a_program_sees_its_inputs_and_environment(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = "cd /work/inputs; cat shared/0 shared/1 tasks/000007 > /work/outputs/000007; \
      echo $GREETING >> /work/outputs/000007"
    work = make_container_work(script, (b"own",), (b"one", b"two"), first_task=7)
    assert said(owner, work) == "onetwoownhello\n"


def test_it_is_nobody_without_capabilities_on_a_read_only_root(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = """
      exec > /work/outputs/000000 2>&1
      busybox id -u; busybox grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
      echo x > /escape; echo x > /work/inputs/escape; echo x > /work/inputs/tasks/000000
      busybox chmod 777 /work/inputs/tasks/000000; busybox mount -t tmpfs x /tmp
      busybox ls /dev/shm
      exit 0
      """
    text = said(owner, make_container_work(script))
    assert set(text.splitlines()[:5]) == {
        "65534",
        "CapBnd:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    }
    assert text.count("Read-only file system") == 4
    assert "mount: permission denied" in text
    assert "No such file or directory" in text


def test_it_has_no_network(owner: str, make_container_work: MakeContainerWork) -> None:
    script = """
      exec > /work/outputs/000000 2>&1
      busybox ls /sys/class/net; busybox cat /proc/net/route
      busybox nc -w 2 10.0.0.1 80 < /dev/null || echo refused
      busybox nc -w 2 172.17.0.1 22 < /dev/null || echo refused
      """
    text = said(owner, make_container_work(script))
    assert text.startswith("lo\n")
    assert text.count("refused") == 2
    assert len([line for line in text.splitlines() if line.startswith("eth")]) == 0


def test_a_fork_bomb_ends_in_its_cage(owner: str, make_container_work: MakeContainerWork) -> None:
    work = make_container_work(
        # In a shell of its own: one that cannot fork any more would end the program.
        "bomb() { bomb | bomb & }; (bomb) & exec busybox sleep 60",
        wall_seconds=3,
    )
    started = time.monotonic()
    with pytest.raises(ExecutionFailed, match="longer than 3 s"):
        execute(owner, work)
    assert time.monotonic() - started < 15


def test_forks_are_counted(owner: str, make_container_work: MakeContainerWork) -> None:
    script = "for i in $(busybox seq 400); do busybox sleep 30 & done"
    assert execute(owner, make_container_work(script)) == [EXIT_CODE]


def test_a_full_disk_is_its_own_problem(owner: str, make_container_work: MakeContainerWork) -> None:
    script = """
      fill() { busybox dd if=/dev/zero of=/tmp/$1 bs=64k count=12 2>/dev/null; }
      fill a && ! fill b && echo full > /work/outputs/000000"""
    assert said(owner, make_container_work(script)) == "full\n"


def test_outputs_are_bounded_together(owner: str, make_container_work: MakeContainerWork) -> None:
    script = """
      echo fine > /work/outputs/000000
      for i in 1 2 3 4 5 6 7 8; do busybox dd if=/dev/zero of=/work/outputs/$i bs=64k count=9; done
      exit 0"""
    assert said(owner, make_container_work(script)) == "fine\n"


@pytest.mark.parametrize(
    "script",
    [
        "busybox dd if=/dev/zero of=/work/outputs/000000 bs=1k count=65; exit 0",
        "busybox truncate -s 65537 /work/outputs/000000",
    ],
)
def test_an_oversized_output_is_a_failure(
    owner: str, make_container_work: MakeContainerWork, script: str
) -> None:
    assert execute(owner, make_container_work(script)) == [Outcome(failure="output_exceeded")]


@pytest.mark.parametrize(
    "script",
    [
        "busybox ln -s /etc/passwd /work/outputs/000000",
        "busybox ln -s /proc/1/environ /work/outputs/000000",
        "busybox mkdir /work/outputs/000000",
        "busybox mkfifo /work/outputs/000000",
        "busybox yes | busybox head -c 65 > /work/outputs/000000.failed",
    ],
)
def test_an_output_that_is_no_plain_file_is_refused(
    owner: str, make_container_work: MakeContainerWork, script: str
) -> None:
    assert execute(owner, make_container_work(script)) == [EXIT_CODE]


def test_outputs_that_are_links_to_each_other_are_judged_one_by_one(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = "cd /work/outputs; echo one > 000000; busybox ln 000000 000001"
    work = make_container_work(script, (b"", b""))
    assert execute(owner, work) == [Outcome(b"one\n"), EXIT_CODE]


def test_files_that_nobody_asked_for_are_left_behind(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = "cd /work/outputs; busybox mkdir a; echo > a/000000; echo > 000001; echo > b; \
      echo yes > 000000"
    assert said(owner, make_container_work(script)) == "yes\n"


def test_a_failed_note_names_the_failure(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = "cd /work/outputs; echo memory_exceeded > 000000.failed; echo 7 > 000001.failed"
    assert execute(owner, make_container_work(script, (b"", b""))) == [
        Outcome(failure="memory_exceeded"),
        EXIT_CODE,
    ]


def test_one_bad_task_does_not_spoil_the_others(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = """
      for t in /work/inputs/tasks/*; do
        busybox grep -q bad $t && exit 3
        echo good > /work/outputs/${t##*/}
      done"""
    work = make_container_work(script, (b"", b"bad", b""))
    assert execute(owner, work) == [Outcome(b"good\n"), EXIT_CODE, Outcome(b"good\n")]


@pytest.mark.parametrize("command", [("/bin/nothing",), ("/job",), ("",)])
def test_a_command_that_cannot_start(
    owner: str, make_container_work: MakeContainerWork, command: tuple[str, ...]
) -> None:
    assert execute(owner, make_container_work(command=command)) == [EXIT_CODE]


def test_running_out_of_memory_is_no_result(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = "exec busybox awk 'BEGIN { s = \"x\"; while (1) s = s s }'"
    with pytest.raises(ExecutionFailed, match="memory"):
        execute(owner, make_container_work(script, memory_bytes=16 << 20))


def test_a_background_process_cannot_change_what_is_read(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = """
      echo first > /work/outputs/000000
      (while :; do echo x > /work/outputs/000000; done) > /dev/null 2>&1 &
      exit 0"""
    assert said(owner, make_container_work(script)) in {"first\n", "x\n", ""}


def test_a_log_without_end_is_cut_off(owner: str, make_container_work: MakeContainerWork) -> None:
    script = "busybox yes | busybox head -c 20000000; echo ok > /work/outputs/000000"
    assert said(owner, make_container_work(script)) == "ok\n"


def test_stop_ends_it_soon(owner: str, make_container_work: MakeContainerWork) -> None:
    stop = threading.Event()
    work = make_container_work("busybox sleep 60", stop=stop)
    threading.Timer(0.8, stop.set).start()
    started = time.monotonic()
    with pytest.raises(ExecutionStopped):
        execute(owner, work)
    assert time.monotonic() - started < 10


def test_an_archive_that_breaks_the_rules_is_a_bad_module(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    work = make_container_work(archive=b"not a tar", inputs=(b"", b""))
    assert execute(owner, work) == [Outcome(failure="bad_module")] * 2


# docker's client leaves its own socket open when nobody answers.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_engine_is_a_clear_error(
    owner: str, make_container_work: MakeContainerWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(ExecutorUnavailable, match="no Docker Engine answers"):
        ContainerExecutor(owner).check()
    with pytest.raises(ExecutorUnavailable):
        execute(owner, make_container_work("true"))
    gc.collect()


def test_leftovers_of_a_killed_daemon_are_removed_and_no_others(
    owner: str, make_container_work: MakeContainerWork, tmp_path: Path
) -> None:
    work = make_container_work("busybox sleep 60")
    script = textwrap.dedent(f"""
        import pathlib
        from protocol.spec import Spec
        from provider.executors.base import LeaseWork, ignore_task_done
        from provider.executors.container import ContainerExecutor
        spec = Spec.from_bytes({work.spec.canonical()!r})
        work = LeaseWork(spec, [0], pathlib.Path({str(work.code)!r}),
                         [pathlib.Path({str(work.task_inputs[0])!r})], [],
                         pathlib.Path({str(work.scratch)!r}))
        ContainerExecutor({owner!r}).run(work, ignore_task_done)
        """)
    daemon = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3])
    engine = docker.from_env()
    try:
        deadline = time.monotonic() + 20
        while not engine.containers.list(filters={"label": f"{OWNER_LABEL}={owner}"}):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.kill(daemon.pid, signal.SIGKILL)
        daemon.wait()
        assert ContainerExecutor("somebody-else").remove_leftovers() == 0
        assert ContainerExecutor(owner).remove_leftovers() == 1
        assert not engine.containers.list(all=True, filters={"label": f"{OWNER_LABEL}={owner}"})
    finally:
        daemon.kill()
        daemon.wait()
        engine.close()


def test_gvisor_is_used_where_the_engine_has_it() -> None:
    assert runtime_for({"runc": {}, "runsc": {"path": "/usr/bin/runsc"}}) == "runsc"
    assert runtime_for({"runc": {}}) is None
    assert runtime_for({}) is None


NOT_DETERMINISTIC = {
    "the clock": "busybox date +%s",
    "randomness": "busybox head -c 8 /dev/urandom | busybox od",
    "its neighbours": "busybox ls /work/inputs/tasks",
    "its own place": "busybox cat /proc/self/mountinfo",
}


@pytest.mark.parametrize("what", NOT_DETERMINISTIC)
def test_a_canary_finds(owner: str, make_container_work: MakeContainerWork, what: str) -> None:
    script = f"""
      cd /work/outputs
      for t in /work/inputs/tasks/*; do {{ {NOT_DETERMINISTIC[what]}; }} > ${{t##*/}}; done"""
    work, executor = make_container_work(script, (b"one", b"two")), ContainerExecutor(owner)
    canary = Canary(executor, work)
    with pytest.raises(NotDeterministic):
        canary.compare(executor.run(work, ignore_task_done))


def test_a_canary_lets_the_shipped_job_pass(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    texts = (b"The cat and the dog.\n", b"b a b c")
    work = make_container_work(inputs=texts, command=("/bin/sh", "/job/run.sh"))
    executor = ContainerExecutor(owner)
    canary = Canary(executor, work)
    canary.compare(executor.run(work, ignore_task_done))
