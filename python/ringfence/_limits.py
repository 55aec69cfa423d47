"""What a program or a function may use up."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Union

__all__ = ["Limits", "Seconds"]

Seconds = Union[float, datetime.timedelta]
"""A time."""


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
