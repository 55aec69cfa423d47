"""Forking as servers and test runners do it: sandboxes are shared, jobs are not."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

import ringfence
from ringfence import Policy, run


def in_fork(act: Callable[[], bool], seconds: int = 60) -> None:
    """Run something in a forked copy, which has to end in time."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            import signal

            signal.alarm(seconds)
            code = 0 if act() else 2
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_sandbox_of_before_the_fork_serves_after_it(base: Policy) -> None:
    sandbox = base.prepare()
    in_fork(lambda: run(["true"], policy=sandbox).returncode == 0)
    in_fork(lambda: run(["true"], policy=sandbox.with_lines(ro="/tmp")).returncode == 0)
    in_fork(lambda: ringfence.confined(sandbox)(lambda: 3)() == 3)
    assert run(["true"], policy=sandbox).returncode == 0


def test_forking_while_other_threads_start_jobs(base: Policy) -> None:
    sandbox = base.prepare()
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set():
                run(["true"], policy=sandbox.with_lines(ro="/tmp"), capture_output=True)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            in_fork(lambda: run(["true"], policy=sandbox.with_lines(ro="/usr"), capture_output=True).returncode == 0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed


def job(number: int) -> tuple[int, bytes]:
    ended = run(["sh", "-c", f"echo {number}"], policy=Policy(ro=["/usr", "/lib", "/bin"]), capture_output=True)
    return ended.returncode, ended.stdout


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_start_jobs(method: Any) -> None:
    context: Any = multiprocessing.get_context(method)
    with context.Pool(3) as pool:
        assert pool.map(job, range(9)) == [(0, b"%d\n" % number) for number in range(9)]


def fail() -> None:
    run(["/no/such"], policy=Policy(ro="/usr"))


def test_errors_of_workers_come_back() -> None:
    with multiprocessing.get_context("fork").Pool(1) as pool, pytest.raises(ringfence.ProgramNotFoundError) as error:
        pool.apply(fail)
    assert "/no/such" in str(error.value)
