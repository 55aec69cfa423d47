"""Programs in sandboxes under asyncio."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import signal
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop
from test_popen import is_alive

import ringfence
from ringfence import PIPE, Limits, Policy, Process, create_subprocess_exec

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 60), debug=True)


def test_reading_outside_of_the_policy_is_denied(base: Policy, secret: Path) -> None:
    async def work() -> None:
        free = await asyncio.create_subprocess_exec("cat", secret, stdout=PIPE)
        assert (await free.communicate())[0] == b"secret\n"
        job = await create_subprocess_exec("cat", secret, policy=base, stdout=PIPE, stderr=PIPE)
        output, errors = await job.communicate()
        assert (output, job.returncode, job.limit) == (b"", 1, None)
        assert b"Permission denied" in (errors or b"")

    run(work())


def test_streams_pass_as_asyncio_has_them(base: Policy) -> None:
    async def work() -> None:
        job = await create_subprocess_exec("cat", policy=base, stdin=PIPE, stdout=PIPE)
        assert job.stdin is not None
        assert job.stdout is not None
        for line in (b"one\n", b"two\n"):
            job.stdin.write(line)
            await job.stdin.drain()
            assert await job.stdout.readline() == line
        job.stdin.close()
        await job.stdin.wait_closed()
        assert await job.stdout.read() == b""
        assert await job.wait() == await job.wait() == 0

    run(work())


@pytest.mark.parametrize("size", [0, 1, 3 << 20])
def test_input_and_output_of_any_size_pass(base: Policy, size: int) -> None:
    async def work() -> None:
        data = os.urandom(size)
        job = await create_subprocess_exec("cat", policy=base, stdin=PIPE, stdout=PIPE)
        assert await job.communicate(data) == (data, None)
        unread = await create_subprocess_exec("true", policy=base, stdin=PIPE)
        assert await unread.communicate(data) == (None, None)
        assert unread.returncode == 0

    run(work())


def test_the_loop_goes_on_while_jobs_run(base: Policy) -> None:
    async def work() -> float:
        begun = time.monotonic()
        jobs = [await create_subprocess_exec("sleep", "1", policy=base) for _ in range(10)]
        assert await asyncio.gather(*(job.wait() for job in jobs)) == [0] * 10
        return time.monotonic() - begun

    assert run(work()) < 8


def test_limits_end_a_job_and_say_so(base: Policy) -> None:
    async def work() -> None:
        timed = await create_subprocess_exec("sleep", "30", policy=base, limits=Limits(wall=0.2))
        assert (await timed.wait(), timed.limit) == (-9, "wall")
        wordy = await create_subprocess_exec("yes", policy=base, stdout=PIPE, limits=Limits(output=10))
        assert await wordy.communicate() == (b"y\n" * 5, None)
        assert (wordy.returncode, wordy.limit) == (-9, "output")
        brief = await create_subprocess_exec("echo", "12345", policy=base, stdout=PIPE, limits=Limits(output=4))
        await brief.wait()
        assert (await brief.communicate(), brief.limit) == ((b"1234", None), "output")

    run(work())


def test_time_runs_out_though_nobody_waits(base: Policy) -> None:
    async def work() -> None:
        job = await create_subprocess_exec("sleep", "30", policy=base, limits=Limits(wall=0.2))
        await asyncio.sleep(1.5)
        assert not is_alive(job.pid)
        assert job.returncode == -9

    run(work())


def test_cancelling_leaves_the_job_and_dropping_it_kills(base: Policy) -> None:
    async def work() -> None:
        job: Any = await create_subprocess_exec("sleep", "30", policy=base, stdout=PIPE)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(job.communicate(), 0.1)
        pid = job.pid
        assert is_alive(pid)
        del job
        for _ in range(100):
            gc.collect()
            await asyncio.sleep(0.02)
            if not is_alive(pid):
                return
        pytest.fail("it is still there")

    run(work())


def test_signals_reach_the_program(base: Policy) -> None:
    async def work() -> None:
        ways: list[tuple[Callable[[Process], None], int]] = [
            (Process.terminate, -15),
            (Process.kill, -9),
            (lambda job: job.send_signal(signal.SIGINT), -2),
            (lambda job: job.send_signal(signal.SIGKILL), -9),
        ]
        for act, code in ways:
            job = await create_subprocess_exec("sleep", "30", policy=base)
            act(job)
            assert await job.wait() == code
            act(job)

    run(work())


def test_failures_to_start_are_those_that_subprocess_has(base: Policy) -> None:
    async def work() -> None:
        with pytest.raises(FileNotFoundError):
            await create_subprocess_exec("/no/such", policy=base)
        with pytest.raises(ringfence.SandboxError):
            await create_subprocess_exec("true", policy=Policy(ro="/no/such"))

    run(work())


def test_nothing_stays_open(base: Policy) -> None:
    def opened() -> int:
        return len(os.listdir("/proc/self/fd"))

    async def work() -> None:
        counts = []
        for _ in range(3):
            for _ in range(10):
                job = await create_subprocess_exec("cat", policy=base, stdin=PIPE, stdout=PIPE, stderr=PIPE)
                assert await job.communicate(b"x") == (b"x", b"")
            del job
            await asyncio.sleep(0.05)
            gc.collect()
            await asyncio.sleep(0.05)
            counts.append(opened())
        assert counts[0] == counts[1] == counts[2]

    run(work())


def test_no_descriptor_is_closed_twice_whoever_closes_it(base: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second time would close what another thread has opened meanwhile."""
    twice: list[int] = []

    class Watched(io.FileIO):
        def close(self) -> None:
            if not self.closed and self.closefd:
                try:
                    os.fstat(self.fileno())
                except OSError:
                    twice.append(self.fileno())
                    return
            super().close()

    def watched(fd: int, mode: str, _: int, closefd: bool) -> io.FileIO:
        return Watched(fd, mode, closefd)

    async def jobs() -> int:
        sandbox = base.prepare()
        before = -1
        for turn in range(3):
            for number in range(10):
                job = await create_subprocess_exec("cat", policy=sandbox, stdin=PIPE, stdout=PIPE, stderr=PIPE)
                assert await job.communicate(b"%d" % number) == (b"%d" % number, b"")
            # The loop closes what was ended in its next turns.
            await asyncio.sleep(0.1)
            if turn == 0:
                before = len(os.listdir("/proc/self/fd"))
        return len(os.listdir("/proc/self/fd")) - before

    monkeypatch.setattr("ringfence._asyncio.open", watched, raising=False)
    for loop in (asyncio.new_event_loop(), uvloop.new_event_loop()):
        try:
            # A descriptor that each job left would make twenty; when the loop closes the last is its own affair.
            assert loop.run_until_complete(jobs()) < 10
        finally:
            loop.close()
    assert twice == []


@pytest.mark.parametrize("cancelled", [True, False])
@pytest.mark.parametrize("stream", [{"stdin": PIPE}, {"stdout": PIPE}], ids=["written", "read"])
def test_a_pipe_that_cannot_be_connected_is_closed_once(
    base: Policy, stream: dict[str, Any], cancelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cancels a start has uvloop close the pipe; what it cannot take it leaves open."""
    opened: list[int] = []

    class Loop(uvloop.Loop):
        """Opens something the moment that connecting has failed, as another thread might."""

        async def connect_read_pipe(self, *args: Any, **words: Any) -> Any:
            return await self._connect(super().connect_read_pipe(*args, **words))

        async def connect_write_pipe(self, *args: Any, **words: Any) -> Any:
            return await self._connect(super().connect_write_pipe(*args, **words))

        async def _connect(self, connecting: Coroutine[Any, Any, T]) -> T:
            try:
                return await connecting
            finally:
                opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(8))

    class Refused(io.FileIO):
        def fileno(self) -> int:
            raise BlockingIOError

    def failing(fd: int, mode: str, _: int, closefd: bool) -> io.FileIO:
        if not cancelled:
            return Refused(fd, mode, closefd)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return io.FileIO(fd, mode, closefd)

    async def start() -> int:
        with pytest.raises(asyncio.CancelledError if cancelled else BlockingIOError):
            await create_subprocess_exec("cat", policy=base, **stream)
        gc.collect()
        await asyncio.sleep(0.1)
        assert len(opened) == 8
        while opened:
            # Fails if it was closed already.
            os.close(opened.pop())
        return len(os.listdir("/proc/self/fd"))

    async def starts() -> list[int]:
        return [await start() for _ in range(4)]

    monkeypatch.setattr("ringfence._asyncio.open", failing, raising=False)
    loop = Loop()
    try:
        counts = loop.run_until_complete(starts())
    finally:
        loop.close()
    assert len(set(counts)) == 1
