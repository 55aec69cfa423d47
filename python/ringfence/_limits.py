"""What a program or a function may use up."""

from __future__ import annotations

import dataclasses
import datetime
from typing import NamedTuple, Union

__all__ = ["LimitAccount", "Limits", "Seconds"]

Seconds = Union[float, datetime.timedelta]
"""A time."""


class LimitAccount(NamedTuple):
    """By what a limit is held, and what that leaves open."""

    limit: str
    """Its word: `wall`, `cpu`, ..."""
    by: str
    """What holds it."""
    leaves_open: str
    """What it does not do; empty if nothing is left open."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a job may use up; nothing is limited where there is None.

    Without a cgroup these are limits of resources (`setrlimit(2)`), which each process of the job has for itself:
    docs/jobs.md says what that leaves open. `wall` is watched by whoever waits for the job.
    """

    wall: Seconds | None = None
    """Time from start to end."""
    cpu: Seconds | None = None
    """Time on a processor, in whole seconds rounded up."""
    memory: int | None = None
    """Bytes of memory."""
    processes: int | None = None
    """Processes and threads; without a cgroup those of the user, and root cannot have it."""
    open_files: int | None = None
    """Open files of a process."""
    file_size: int | None = None
    """Bytes of a file that it writes."""
    output: int | None = None
    """Bytes that `run` and `communicate` take of its standard output and error together; more ends the job."""

    def account(self, *, in_cgroup: bool = False) -> list[LimitAccount]:
        """Return by what each of them is held: with a cgroup of the job's own, or without."""
        from ._ringfence import account

        return [LimitAccount(*row) for row in account(self, in_cgroup)]
