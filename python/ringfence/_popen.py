"""`Popen`: a program that runs in a sandbox, in the words of `subprocess`."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from collections.abc import Iterable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, AnyStr, Generic, Literal, overload

from ._errors import TimeoutExpired
from ._limits import Seconds
from ._policy import AnyPath
from ._ringfence import Policy, Pump, Sandbox
from ._stdio import Pipe, Text, given, input_bytes
from ._words import Words, begin

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Popen"]


class Popen(Generic[AnyStr]):
    """A program that runs in a sandbox.

    As `subprocess.Popen`, but for this: `policy` says what it may do, `limits` what it may use up; it leads a process
    group that it cannot leave, unless `may_leave_group` says so, and when it ends, is killed, or this object is
    dropped, all of the group is killed; of descriptors it gets the standard three alone. `shell`, `preexec_fn` and
    the like may be said as they are anyway (`shell=False`), and are refused else.

    An object that a forked process inherits is of no use there, and dropping it does nothing.
    """

    stdin: IO[AnyStr] | None
    stdout: IO[AnyStr] | None
    stderr: IO[AnyStr] | None

    @overload
    def __init__(
        self: Popen[str],
        args: AnyPath | Iterable[AnyPath],
        *,
        policy: Policy | Sandbox,
        text: Literal[True],
        encoding: str | None = ...,
        errors: str | None = ...,
        universal_newlines: bool | None = ...,
        **words: Unpack[Words],
    ) -> None: ...
    @overload
    def __init__(
        self: Popen[str],
        args: AnyPath | Iterable[AnyPath],
        *,
        policy: Policy | Sandbox,
        text: bool | None = ...,
        encoding: str,
        errors: str | None = ...,
        universal_newlines: bool | None = ...,
        **words: Unpack[Words],
    ) -> None: ...
    @overload
    def __init__(
        self: Popen[str],
        args: AnyPath | Iterable[AnyPath],
        *,
        policy: Policy | Sandbox,
        text: bool | None = ...,
        encoding: str | None = ...,
        errors: str,
        universal_newlines: bool | None = ...,
        **words: Unpack[Words],
    ) -> None: ...
    @overload
    def __init__(
        self: Popen[str],
        args: AnyPath | Iterable[AnyPath],
        *,
        policy: Policy | Sandbox,
        text: bool | None = ...,
        encoding: str | None = ...,
        errors: str | None = ...,
        universal_newlines: Literal[True],
        **words: Unpack[Words],
    ) -> None: ...
    @overload
    def __init__(
        self: Popen[bytes],
        args: AnyPath | Iterable[AnyPath],
        *,
        policy: Policy | Sandbox,
        text: Literal[False] | None = ...,
        encoding: None = ...,
        errors: None = ...,
        universal_newlines: Literal[False] | None = ...,
        **words: Unpack[Words],
    ) -> None: ...
    def __init__(
        self,
        args: AnyPath | Iterable[AnyPath],
        *,
        policy: Policy | Sandbox,
        text: bool | None = None,
        encoding: str | None = None,
        errors: str | None = None,
        universal_newlines: bool | None = None,
        **words: Unpack[Words],
    ) -> None:
        bufsize = words.get("bufsize", -1)
        if bufsize is None:
            bufsize = -1
        if not isinstance(bufsize, int):
            raise TypeError("bufsize: expected an int")
        self.args = given(args)
        self.returncode: int | None = None
        #: The limit that ended it, once it has ended, if one did.
        self.limit: str | None = None
        self._text = Text.wanted(text, encoding, errors, universal_newlines)
        self._pump: Pump | None = None
        self._collected: tuple[AnyStr | None, AnyStr | None] | None = None
        self._job = begin("Popen", policy, self.args, words)
        self.pid = self._job.pid
        self.stdin = self._file(0, "wb", bufsize)
        self.stdout = self._file(1, "rb", bufsize)
        self.stderr = self._file(2, "rb", bufsize)

    def _file(self, number: int, mode: str, bufsize: int) -> IO[AnyStr] | None:
        fd = self._job.take(number)
        if fd is None:
            return None
        # Single lines can be had of text alone.
        size = io.DEFAULT_BUFFER_SIZE if bufsize in (-1, 1) else bufsize
        try:
            file: Any = Pipe(fd, mode)
        except BaseException:
            os.close(fd)
            raise
        if size > 0:
            file = io.BufferedReader(file, size) if mode == "rb" else io.BufferedWriter(file, size)
        if self._text is not None:
            file = io.TextIOWrapper(
                file,
                self._text.encoding,
                self._text.errors,
                line_buffering=mode == "wb" and bufsize == 1,
                write_through=mode == "wb",
            )
        opened: IO[AnyStr] = file
        return opened

    def _files(self) -> list[IO[AnyStr] | None]:
        return [self.stdin, self.stdout, self.stderr]

    def _has_ended(self, outcome: tuple[int, str | None] | None) -> int | None:
        if outcome is not None:
            self.returncode, self.limit = outcome
        return self.returncode

    def poll(self) -> int | None:
        """Return its exit code if it has ended, and kill it if its time has run out."""
        return self._has_ended(self._job.poll())

    def wait(self, timeout: Seconds | None = None) -> int:
        """Wait for its end, and return its exit code.

        Raises `TimeoutExpired` if it still runs then; it goes on.
        """
        code = self._has_ended(self._job.wait(timeout))
        if code is None:
            raise TimeoutExpired(self.args, timeout)
        return code

    def communicate(
        self, input: AnyStr | None = None, timeout: Seconds | None = None
    ) -> tuple[AnyStr | None, AnyStr | None]:
        """Write `input` to its standard input, collect what it writes, and wait for its end.

        Raises `TimeoutExpired` if it still runs then; it goes on, and what it wrote comes with the next call. Beyond
        `Limits.output` it is killed.
        """
        if self._pump is None:
            if self.stdin is None and input:
                raise ValueError("input: its standard input is no pipe; say stdin=PIPE")
            # Of a file that was closed nothing comes, nor can it be written to.
            open_files = [None if file is None or file.closed else file for file in self._files()]
            with contextlib.suppress(BrokenPipeError):
                if open_files[0] is not None:
                    open_files[0].flush()
            ends = [None if file is None else file.fileno() for file in open_files]
            self._pump = Pump(self._job, input_bytes(input, self._text), ends)
            if self.stdin is not None:
                # What is left of it is in the pump, which closes it behind the input.
                with contextlib.suppress(BrokenPipeError):
                    self.stdin.close()
        elif input:
            raise ValueError("input: it has begun to get another")
        if not self._pump.run(timeout):
            raise TimeoutExpired(self.args, timeout, self._pump.stdout or None, self._pump.stderr or None)
        self.poll()
        if self._collected is None:
            output = self._rest_of(self.stdout, self._pump.stdout)
            self._collected = output, self._rest_of(self.stderr, self._pump.stderr)
        return self._collected

    def _rest_of(self, file: IO[AnyStr] | None, collected: bytes) -> AnyStr | None:
        """Return what a pipe brought that nobody has read, with what is in the buffers of its file, and close it."""
        if file is None:
            return None
        if file.closed:
            empty: Any = b"" if self._text is None else ""
            return empty  # type: ignore[no-any-return]
        whole: Any = file
        pipe: Any = file
        while not isinstance(pipe, Pipe):
            pipe = pipe.buffer if isinstance(pipe, io.TextIOWrapper) else pipe.raw
        pipe.go_on_with(collected)
        with file:
            rest: AnyStr = whole.readall() if whole is pipe else whole.read()
            return rest

    def send_signal(self, sig: int) -> None:
        """Send a signal to the program itself; SIGKILL to all of the job. One that has ended is no error."""
        if sig == signal.SIGKILL:
            self.kill()
        elif self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._job.fileno(), sig)

    def terminate(self) -> None:
        """Ask the program to end, by SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill all of the job."""
        self._job.kill()

    def fileno(self) -> int:
        """Return a descriptor that is readable once the program has ended (`pidfd_open(2)`)."""
        return self._job.fileno()

    def __enter__(self) -> Popen[AnyStr]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close its pipes and wait for its end; if the block failed, it is killed."""
        if kind is not None:
            self.kill()
        for file in self._files():
            if file is not None:
                with contextlib.suppress(BrokenPipeError):
                    file.close()
        self.wait()

    def __repr__(self) -> str:
        return f"<Popen: returncode: {self.returncode} args: {self.args!r}>"
