"""What this process is restricted by."""

from __future__ import annotations

import dataclasses

from . import _ringfence

__all__ = ["Status", "status"]


@dataclasses.dataclass(frozen=True)
class Status:
    """What a process is restricted by."""

    landlock_layers: int | None
    """How many Landlock layers it is in, 16 at most; None where that cannot be known."""
    landlock_note: str | None
    """Why that cannot be known."""
    no_new_privs: bool
    """Whether programs that it starts gain nothing from set-user-ID bits."""
    seccomp_mode: int
    """0 none, 1 strict, 2 filter."""
    seccomp_filters: int | None
    """How many filters it has; None before Linux 5.9, or where /proc is denied."""


def status(pid: int | None = None) -> Status:
    """Return what this process is restricted by, or another one, as far as /proc tells.

    A forked child counts the Landlock layers of this one; those of another cannot be known.
    """
    return Status(**_ringfence.status(pid))
