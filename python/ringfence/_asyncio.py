"""Programs in sandboxes under `asyncio`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import weakref
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from ._limits import Limits, Seconds
from ._policy import AnyPath
from ._ringfence import Job, Policy, Sandbox
from ._words import Words, begin

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Process", "create_subprocess_exec"]

#: How often a job is looked at whose time has run out.
_AGAIN = 0.01


class Process:
    """A program that runs in a sandbox, as `asyncio.subprocess.Process`. Dropping it kills the job."""

    stdin: asyncio.StreamWriter | None = None
    stdout: asyncio.StreamReader | None = None
    stderr: asyncio.StreamReader | None = None

    def __init__(self, job: Job, limits: Limits | None) -> None:
        self._job = job
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._left = None if limits is None else limits.output
        self.pid = job.pid
        self.returncode: int | None = None
        #: The limit that ended it, once it has ended, if one did.
        self.limit: str | None = None
        #: What it may not lose to `wait`: an error of the kernel's.
        self._fault: BaseException | None = None

        # The loop must not keep the process alive, whose end is what it waits for.
        this = weakref.ref(self)
        fd = os.dup(job.fileno())
        self._watch = weakref.finalize(self, _forget, self._loop, fd)
        self._watch.atexit = False
        self._loop.add_reader(fd, _look, this)
        self._timer: asyncio.TimerHandle | None = None
        if limits is not None and limits.wall is not None:
            self._look_in(_seconds(limits.wall))

    def _look_in(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, _look, weakref.ref(self), True)

    def _look(self) -> bool:
        """Take its end, if it has ended; kill it, if its time has run out."""
        if self._ended.is_set():
            return True
        try:
            outcome = self._job.poll()
        except OSError as error:
            self._fault = error
        else:
            if outcome is None:
                return False
            self.returncode, self.limit = outcome
        self._ended.set()
        self._watch()
        if self._timer is not None:
            self._timer.cancel()
        return True

    async def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        await self._ended.wait()
        if self._fault is not None:
            raise self._fault
        assert self.returncode is not None, "it has ended"
        return self.returncode

    async def communicate(self, input: bytes | None = None) -> tuple[bytes | None, bytes | None]:
        """Write `input` to its standard input, collect what it writes, and wait for its end.

        Beyond `Limits.output` it is killed. Who cancels this lets it run.
        """
        output, errors, _ = await asyncio.gather(self._read(self.stdout), self._read(self.stderr), self._feed(input))
        await self.wait()
        return output, errors

    async def _feed(self, data: bytes | None) -> None:
        if self.stdin is None:
            return
        # A program that does not read its input is no error.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if data:
                self.stdin.write(data)
                await self.stdin.drain()
        self.stdin.close()

    async def _read(self, stream: asyncio.StreamReader | None) -> bytes | None:
        if stream is None:
            return None
        read = bytearray()
        while chunk := await stream.read(1 << 16):
            allowed = len(chunk) if self._left is None else min(len(chunk), self._left)
            read += chunk[:allowed]
            if self._left is not None:
                self._left -= allowed
            if allowed < len(chunk):
                self._job.exceed()
                # Its limit is told with its end, if that was taken before.
                self.limit = self.limit or ("output" if self._ended.is_set() else None)
        return bytes(read)

    def send_signal(self, sig: int) -> None:
        """Send a signal to the program itself; SIGKILL to all of the job. One that has ended is no error."""
        if sig == signal.SIGKILL:
            self.kill()
        elif self._job.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._job.fileno(), sig)

    def terminate(self) -> None:
        """Ask the program to end, by SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill all of the job."""
        self._job.kill()

    def __repr__(self) -> str:
        return f"<Process {self.pid}: returncode: {self.returncode}>"


def _seconds(time: Seconds) -> float:
    return time if isinstance(time, (int, float)) else time.total_seconds()


def _look(process: weakref.ref[Process], is_overdue: bool = False) -> None:
    alive = process()
    if alive is not None and not alive._look() and is_overdue:
        alive._look_in(_AGAIN)


def _forget(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    """Let a loop watch a descriptor no more; from whichever thread."""

    def forget() -> None:
        loop.remove_reader(fd)
        os.close(fd)

    try:
        loop.call_soon_threadsafe(forget)
    except RuntimeError:
        # The loop is closed, and watches nothing.
        os.close(fd)


async def create_subprocess_exec(
    program: AnyPath,
    *args: AnyPath,
    policy: Policy | Sandbox,
    limit: int = 1 << 16,
    **words: Unpack[Words],
) -> Process:
    """Start a program in a sandbox, as `asyncio.create_subprocess_exec`; `limit` is the size of a stream's buffer.

    See `Popen` for what else differs. `Limits.wall` runs out whether anybody waits or not; `Limits.output` counts what
    `communicate` takes.
    """
    job = begin("create_subprocess_exec", policy, [program, *args], words)
    process = Process(job, words.get("limits"))
    process.stdin = await _writer(job.take(0))
    process.stdout = await _reader(job.take(1), limit)
    process.stderr = await _reader(job.take(2), limit)
    return process


@contextlib.contextmanager
def _file(loop: asyncio.AbstractEventLoop, fd: int, mode: str) -> Iterator[IO[Any]]:
    """Give a file to connect to a loop, which closes it.

    Loops that are not of Python, such as uvloop's, close the descriptor by themselves, and then the file. If that
    closed it too, it might close what another thread has opened by the same number meanwhile. Where they fail to
    connect it they may have closed the descriptor or not, and it is closed here if it still is the same pipe.
    """
    closes = isinstance(loop, asyncio.BaseEventLoop)
    pipe = os.fstat(fd)
    try:
        yield open(fd, mode, 0, closefd=closes)
    # On what else there is, as KeyboardInterrupt, uvloop keeps the pipe for now and closes it later.
    except (Exception, asyncio.CancelledError):
        if not closes:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(fd), pipe):
                    os.close(fd)
        raise


async def _reader(fd: int | None, limit: int) -> asyncio.StreamReader | None:
    if fd is None:
        return None
    reader = asyncio.StreamReader(limit)
    protocol = asyncio.StreamReaderProtocol(reader)
    loop = asyncio.get_running_loop()
    with _file(loop, fd, "rb") as pipe:
        await loop.connect_read_pipe(lambda: protocol, pipe)
    return reader


async def _writer(fd: int | None) -> asyncio.StreamWriter | None:
    if fd is None:
        return None
    loop = asyncio.get_running_loop()
    # It reads nothing; what a writer waits for comes by the protocol of a reader.
    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
    with _file(loop, fd, "wb") as pipe:
        transport, _ = await loop.connect_write_pipe(lambda: protocol, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)
