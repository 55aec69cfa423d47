"""What programs are connected to, and bytes as text and back."""

from __future__ import annotations

import codecs
import io
import locale
import os
import subprocess
from collections.abc import Iterable
from typing import IO, Any, NamedTuple, Union

from ._policy import AnyPath

__all__ = ["File", "Pipe", "Text", "descriptor", "descriptors", "given", "input_bytes"]

File = Union[None, int, IO[Any]]
"""A file or descriptor, `PIPE`, `DEVNULL`, `STDOUT` for standard error alone, or None for this process's own."""


def given(args: AnyPath | Iterable[AnyPath]) -> AnyPath | list[AnyPath]:
    """Return a program and its arguments as they were given, for more than one use."""
    return args if isinstance(args, (str, bytes, os.PathLike)) else list(args)


def descriptor(name: str, file: File) -> int | None:
    """Return the number that stands for a file."""
    number = file if file is None or isinstance(file, int) else file.fileno()
    if number == subprocess.STDOUT and name != "stderr":
        raise ValueError(f"{name}: STDOUT is for stderr alone")
    return number


def descriptors(stdin: File, stdout: File, stderr: File) -> dict[str, Any]:
    """Return the numbers that stand for all three."""
    files = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    return {name: descriptor(name, file) for name, file in files.items()}


class Pipe(io.FileIO):
    """This process's end of a pipe that a job writes to; it goes on with what was collected of it."""

    _collected: memoryview | None = None

    def go_on_with(self, collected: bytes) -> None:
        """Let bytes come next that were read from the pipe already, and then no more."""
        self._collected = memoryview(collected)

    def readinto(self, buffer: Any) -> Any:
        """Read as much as there is at once, as `io.RawIOBase` has it."""
        if self._collected is None:
            return super().readinto(buffer)
        count = min(len(buffer), len(self._collected))
        buffer[:count] = self._collected[:count]
        self._collected = self._collected[count:]
        return count

    def readall(self) -> Any:
        """Read to the end, as `io.RawIOBase` has it."""
        if self._collected is None:
            return super().readall()
        rest, self._collected = bytes(self._collected), memoryview(b"")
        return rest


class Text(NamedTuple):
    """How bytes are read as text."""

    encoding: str
    errors: str

    @classmethod
    def wanted(
        cls, text: bool | None, encoding: str | None, errors: str | None, universal_newlines: bool | None
    ) -> Text | None:
        """Return how, if text is wanted at all: as `subprocess` takes its arguments."""
        if text is not None and universal_newlines is not None and bool(text) != bool(universal_newlines):
            raise subprocess.SubprocessError("text and universal_newlines say the same, and differ; leave one out")
        if not (text or encoding or errors or universal_newlines):
            return None
        encoding = encoding or locale.getpreferredencoding(False)
        # What is unknown is told before anything is started.
        codecs.lookup(encoding)
        codecs.lookup_error(errors or "strict")
        return cls(encoding, errors or "strict")

    def read(self, data: bytes) -> str:
        """Return bytes as text, its lines ended by line feeds."""
        return data.decode(self.encoding, self.errors).replace("\r\n", "\n").replace("\r", "\n")

    def write(self, text: str) -> bytes:
        """Return text as bytes."""
        return text.encode(self.encoding, self.errors)


def input_bytes(data: Any, text: Text | None) -> bytes | None:
    """Return what a caller gives a program to read, as bytes."""
    if data is None or isinstance(data, bytes):
        return data
    if isinstance(data, str):
        if text is None:
            raise TypeError("input: expected bytes, not str; or say text=True")
        return text.write(data)
    return bytes(memoryview(data))
