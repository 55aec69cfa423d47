"""The types of a policy's words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypedDict, TypeVar, Union

__all__ = ["AnyPath", "OneOrMore", "PathLine", "Syscalls", "WordedPathLine"]

T = TypeVar("T")
OneOrMore = Union[T, Iterable[T]]
"""One, or several."""
AnyPath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
"""A path, as `os` takes it."""

_Exceptions = TypedDict("_Exceptions", {"except": OneOrMore[AnyPath]}, total=False)


class _PathOptions(_Exceptions, total=False):
    #: It may be missing when the sandbox is made.
    optional: bool
    #: The path is a pattern.
    glob: bool


class PathLine(_PathOptions):
    """A line about a path whose words are those of its key."""

    path: AnyPath


class WordedPathLine(_PathOptions):
    """A line about a path with words of its own."""

    path: AnyPath
    #: read, execute, write, create, remove, rename, ioctl, make-device, connect-unix, ro, rw.
    access: OneOrMore[str]


class Syscalls(TypedDict, total=False):
    """Lines about single system calls, and groups such as `@mount`."""

    allow: OneOrMore[str]
    deny: OneOrMore[str]
    only: OneOrMore[str]
    others: str
