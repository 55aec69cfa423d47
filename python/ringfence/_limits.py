"""What a program or a function may use up."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Optional, Union

__all__ = ["Limits", "Seconds"]

Seconds = Union[float, datetime.timedelta]
"""A time."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a job may use up; nothing is limited where there is None.

    Without a cgroup these are limits of resources (`setrlimit(2)`), which each process of the job has for itself:
    docs/jobs.md says what that leaves open. `wall` is watched by whoever waits for the job.
    """

    wall: Optional[Seconds] = None
    """Time from start to end."""
    cpu: Optional[Seconds] = None
    """Time on a processor, in whole seconds rounded up."""
    memory: Optional[int] = None
    """Bytes of memory."""
    processes: Optional[int] = None
    """Processes and threads; without a cgroup those of the user, and root cannot have it."""
    open_files: Optional[int] = None
    """Open files of a process."""
    file_size: Optional[int] = None
    """Bytes of a file that it writes."""
    output: Optional[int] = None
    """Bytes that `run` and `communicate` take of its standard output and error together; more ends the job."""
