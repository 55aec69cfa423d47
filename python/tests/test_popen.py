"""`Popen`: the words of subprocess, and what becomes of a job."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ringfence
from ringfence import PIPE, Limits, Policy, Popen


def is_alive(pid: int) -> bool:
    """Whether a process runs, as far as its number tells; what has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it did not come to be")


def test_it_talks_as_subprocess_does(base: Policy) -> None:
    with Popen(["cat"], policy=base, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as job:
        assert job.stdin is not None
        assert job.stdout is not None
        assert job.poll() is None
        assert job.pid > 0
        for line in ("one\n", "two\n"):
            job.stdin.write(line)
            assert job.stdout.readline() == line
        job.stdin.close()
        assert job.stdout.read() == ""
    assert (job.returncode, job.limit, job.args) == (0, None, ["cat"])
    assert job.stdout.closed


def test_reading_outside_of_the_policy_is_denied(base: Policy, secret: Path) -> None:
    with subprocess.Popen(["cat", secret], stdout=PIPE) as free:
        assert free.communicate()[0] == b"secret\n"
    with Popen(["cat", secret], policy=base, stdout=PIPE, stderr=PIPE) as job:
        output, errors = job.communicate()
    assert output == b""
    assert errors is not None
    assert b"Permission denied" in errors
    assert job.returncode == 1


def test_communicate_may_time_out_and_be_called_again(base: Policy) -> None:
    job = Popen(["sh", "-c", "echo a; sleep 0.5; cat"], policy=base, stdin=PIPE, stdout=PIPE, text=True)
    with pytest.raises(ringfence.TimeoutExpired) as error:
        job.communicate("b\n", timeout=0.2)
    assert error.value.output in (b"", b"a\n")
    with pytest.raises(ValueError, match="has begun to get another"):
        job.communicate("c\n")
    assert job.communicate() == ("a\nb\n", None)
    assert job.returncode == 0
    with pytest.raises(ValueError, match="is no pipe"):
        Popen(["true"], policy=base).communicate(b"x")


def test_communicate_without_input_closes_it(base: Policy) -> None:
    job = Popen(["cat"], policy=base, stdin=PIPE, stdout=PIPE)
    assert job.stdin is not None
    job.stdin.write(b"kept in a buffer")
    assert job.communicate(timeout=30) == (b"kept in a buffer", None)


def test_waiting_may_time_out(base: Policy) -> None:
    job = Popen(["sleep", "0.5"], policy=base)
    with pytest.raises(subprocess.TimeoutExpired):
        job.wait(0.1)
    assert job.wait() == 0
    assert job.wait() == job.poll() == 0


def test_signals_reach_the_program(base: Policy) -> None:
    script = "trap 'echo got; exit 5' USR1; echo ready; while :; do sleep 0.05; done"
    with Popen(["sh", "-c", script], policy=base, stdout=PIPE) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == b"ready\n"
        job.send_signal(signal.SIGUSR1)
        assert job.stdout.readline() == b"got\n"
        assert job.wait() == 5
    job.send_signal(signal.SIGUSR1)
    job.terminate()
    job.kill()
    for end, code in (("terminate", -15), ("kill", -9)):
        job = Popen(["sleep", "30"], policy=base)
        getattr(job, end)()
        assert job.wait() == code
    job = Popen(["sleep", "30"], policy=base)
    job.send_signal(signal.SIGKILL)
    assert job.wait() == -9


def test_an_object_that_is_not_made_leaves_nothing(base: Policy) -> None:
    gc.collect()
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(TypeError):
        Popen(["sleep", "30"], policy=base, stdin=PIPE, stdout=PIPE, bufsize="x")  # type: ignore[call-overload]
    gc.collect()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_its_end_is_a_readable_descriptor(base: Policy) -> None:
    with Popen(["sleep", "0.2"], policy=base) as job:
        assert select.select([job], [], [], 0)[0] == []
        assert select.select([job], [], [], 30)[0] == [job]
        assert job.poll() == 0


def test_polling_enforces_the_wall(base: Policy) -> None:
    job = Popen(["sleep", "30"], policy=base, limits=Limits(wall=0.2))
    wait_for(lambda: job.poll() is not None)
    assert (job.returncode, job.limit) == (-9, "wall")


def test_communicate_enforces_the_limit_of_output(base: Policy) -> None:
    with Popen(["yes"], policy=base, stdout=PIPE, limits=Limits(output=10)) as job:
        assert job.communicate() == (b"y\n" * 5, None)
    assert (job.returncode, job.limit) == (-9, "output")


def test_dropping_it_kills_the_job(base: Policy) -> None:
    job: Any = Popen(["sh", "-c", "sleep 30 & echo $!; wait"], policy=base, stdout=PIPE)
    pids = [job.pid, int(job.stdout.readline())]
    assert all(map(is_alive, pids))
    job.stdout.close()
    del job
    gc.collect()
    wait_for(lambda: not any(map(is_alive, pids)))


def test_a_block_that_fails_kills_the_job(base: Policy) -> None:
    begun = time.monotonic()
    with pytest.raises(KeyError), Popen(["sleep", "30"], policy=base) as job:
        raise KeyError
    assert job.returncode == -9
    assert time.monotonic() - begun < 20


def test_a_job_cannot_leave_its_group_unless_it_may(base: Policy) -> None:
    act = ["setsid", "-w", "true"]
    denied = Popen(act, policy=base, stderr=PIPE)
    assert b"Operation not permitted" in (denied.communicate()[1] or b"")
    may = Popen(act, policy=base, may_leave_group=True)
    assert may.wait() == 0


def test_a_lost_end_is_an_error(base: Policy) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        job = Popen(["true"], policy=base)
        with pytest.raises(ringfence.JobError, match="a process that ignores SIGCHLD") as error:
            job.wait()
        assert error.value.errno == 10
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_forked_copy_has_no_part_in_a_job(base: Policy) -> None:
    job = Popen(["sleep", "30"], policy=base)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            for act in (job.poll, job.wait, job.kill, job.communicate):
                with pytest.raises(ringfence.JobError, match="of which this one is a forked copy"):
                    act()
            del job, act
            gc.collect()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert job.poll() is None
    job.kill()
    assert job.wait() == -9


def test_two_threads_that_communicate_are_told_apart(base: Policy) -> None:
    told: list[object] = []

    def communicate() -> None:
        try:
            told.append(job.communicate())
        except ringfence.JobError as error:
            told.append(str(error))

    with Popen(["sh", "-c", "sleep 1; echo done"], policy=base, stdout=PIPE) as job:
        with pytest.raises(subprocess.TimeoutExpired):
            job.communicate(timeout=0)
        threads = [threading.Thread(target=communicate) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    busy = "cannot communicate with the job: another thread does; wait for that one"
    assert set(told) == {(b"done\n", None), busy}
