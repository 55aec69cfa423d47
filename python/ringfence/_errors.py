"""What can go wrong, as exceptions with the library's own sentences."""

from __future__ import annotations

import datetime
import os
import subprocess
from typing import Any

from ._limits import Seconds

__all__ = [
    "AnswerError",
    "AnswerTooLongError",
    "CalledProcessError",
    "ConfineError",
    "CrashedError",
    "DirectoryNotFoundError",
    "EnforceError",
    "JobError",
    "KilledError",
    "LimitError",
    "NoAnswerError",
    "PolicyError",
    "ProgramNotExecutableError",
    "ProgramNotFoundError",
    "RefusedError",
    "RemoteError",
    "RingfenceError",
    "SandboxError",
    "StartError",
    "TimeoutExpired",
]


class RingfenceError(Exception):
    """Base of all that ringfence raises, but for arguments of a wrong type or value."""


class PolicyError(RingfenceError, ValueError):
    """A line of a policy means nothing, or a manifest cannot be used: all that is wrong with it."""


class SandboxError(RingfenceError):
    """The sandbox cannot be made: a path is missing, say. Nothing is restricted, nothing was started."""


class RefusedError(SandboxError):
    """The kernel cannot enforce the policy."""

    def __init__(self, message: str, refusals: list[str]) -> None:
        super().__init__(message, refusals)
        self.message = message
        #: A sentence for each line that it cannot.
        self.refusals = refusals

    def __str__(self) -> str:
        return self.message


class EnforceError(SandboxError):
    """This process cannot be restricted."""

    def __init__(self, message: str, landlock_holds: bool) -> None:
        super().__init__(message, landlock_holds)
        self.message = message
        #: Whether Landlock restricts the process all the same. It should end then.
        self.landlock_holds = landlock_holds

    def __str__(self) -> str:
        return self.message


class JobError(RingfenceError, OSError):
    """Something about a program that was started, or was to be, failed; `errno` is the kernel's, if it said one.

    `filename` is the program or the directory that it is about.
    """

    def __init__(self, message: str, errno: int | None = None, filename: Any = None) -> None:
        OSError.__init__(self, errno, os.strerror(errno) if errno else message, filename)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.message, self.errno, self.filename))


class StartError(JobError):
    """The program was not started, and nothing of it is left."""


class ProgramNotFoundError(StartError, FileNotFoundError):
    """There is no such program."""


class ProgramNotExecutableError(StartError, PermissionError):
    """The program may not be executed: by its mode, or by the policy."""


class DirectoryNotFoundError(StartError, FileNotFoundError):
    """There is no such directory to start the program in."""


class CalledProcessError(RingfenceError, subprocess.CalledProcessError):
    """A program failed, and `check` was asked for."""

    def __init__(
        self,
        returncode: int,
        cmd: Any,
        output: Any = None,
        stderr: Any = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(returncode, cmd, output, stderr)
        #: The limit that ended it, if one did.
        self.limit = limit

    def __str__(self) -> str:
        text = subprocess.CalledProcessError.__str__(self)
        return f"{text} It was ended by its limit: {self.limit}." if self.limit else text

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.returncode, self.cmd, self.output, self.stderr, self.limit))


class TimeoutExpired(RingfenceError, subprocess.TimeoutExpired):
    """The time that the caller was ready to wait ran out."""

    def __init__(self, cmd: Any, timeout: Seconds | None, output: Any = None, stderr: Any = None) -> None:
        seconds = timeout.total_seconds() if isinstance(timeout, datetime.timedelta) else timeout or 0.0
        super().__init__(cmd, seconds, output, stderr)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.cmd, self.timeout, self.output, self.stderr))


class ConfineError(RingfenceError):
    """A confined function has no answer."""


class CrashedError(ConfineError):
    """It was ended by a signal that says of a fault: a bad access, an abort, a forbidden call."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message, signal)
        self.message = message
        #: The number of the signal.
        self.signal = signal

    def __str__(self) -> str:
        return self.message


class KilledError(ConfineError):
    """Somebody killed it; the kernel, where memory ran out."""


class LimitError(ConfineError):
    """It used up what it may."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message, limit)
        self.message = message
        #: The limit's word: `wall`, `cpu`, ...
        self.limit = limit

    def __str__(self) -> str:
        return self.message


class AnswerTooLongError(ConfineError):
    """Its answer is longer than it may be."""


class NoAnswerError(ConfineError):
    """It ended without an answer."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, code)
        self.message = message
        #: Its exit code.
        self.code = code

    def __str__(self) -> str:
        return self.message


class AnswerError(ConfineError):
    """Its answer is of a type that is not passed on, or is none that can be read."""


class RemoteError(ConfineError):
    """It raised an exception whose class is not one to make here on a stranger's word."""

    def __init__(self, name: str, text: str, traceback: str) -> None:
        super().__init__(name, text, traceback)
        #: The name of the class, as the function says.
        self.name = name
        #: What the exception said.
        self.text = text
        #: The traceback there, as text.
        self.traceback = traceback

    def __str__(self) -> str:
        return f"the confined function raised {self.name}: {self.text}"
