"""The keyword arguments that all ways to start a program share, and those that `subprocess` has besides."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, Union

from ._limits import Limits
from ._policy import AnyPath
from ._ringfence import Cgroups, Job, Policy, Sandbox, start
from ._stdio import File, descriptors

__all__ = ["Account", "Usual", "Words", "begin"]

Account = Union[int, str]
"""A user or group, by number or name."""


class Usual(TypedDict, total=False):
    """What `subprocess` takes and has one value here: code that says what is so anyway goes on to work."""

    shell: Literal[False]
    preexec_fn: None
    close_fds: Literal[True]
    pass_fds: tuple[()]
    restore_signals: Literal[True]
    start_new_session: Literal[False]
    process_group: Literal[0] | None
    umask: Literal[-1]
    pipesize: Literal[-1]
    startupinfo: None
    creationflags: Literal[0]


class Words(Usual, total=False):
    """What a program is started with, whatever becomes of what it writes."""

    limits: Limits | None
    stdin: File
    stdout: File
    stderr: File
    cwd: AnyPath | None
    env: Mapping[Any, Any] | None
    executable: AnyPath | None
    bufsize: int
    user: Account | None
    group: Account | None
    extra_groups: Iterable[Account] | None
    cgroups: Cgroups | None
    may_leave_group: bool


_DESCRIPTORS = "of descriptors a job gets the standard three alone; let it open files by their paths"
_GROUP = "a job leads a process group of its own; may_leave_group=True lets it begin sessions and groups"
_WINDOWS = "it is for Windows"

#: The values that are so anyway, and why there is no other.
_USUAL: dict[str, tuple[tuple[object, ...], str]] = {
    "shell": ((False,), 'no shell is started unasked; write ["sh", "-c", …], and allow the shell in the policy'),
    "preexec_fn": ((None,), "no code of this process runs between the start and the sandbox"),
    "close_fds": ((True,), _DESCRIPTORS),
    "pass_fds": (((), []), _DESCRIPTORS),
    "restore_signals": ((True,), "a job has all signals at their defaults"),
    "start_new_session": ((False,), _GROUP),
    "process_group": ((None, 0), _GROUP),
    "umask": ((-1,), """a job has this process's; write ["sh", "-c", 'umask 027; exec "$@"', "sh", …]"""),
    "pipesize": ((-1,), "pipes have the kernel's size"),
    "startupinfo": ((None,), _WINDOWS),
    "creationflags": ((0,), _WINDOWS),
}


#: Those of `Words` that are none of `Usual`, and of consequence to the program.
_OWN = (
    *("limits", "stdin", "stdout", "stderr", "cwd", "env", "executable"),
    *("user", "group", "extra_groups", "cgroups", "may_leave_group"),
)


def begin(function: str, policy: Policy | Sandbox, args: AnyPath | Iterable[AnyPath], words: Mapping[str, Any]) -> Job:
    """Start a program with the words that all ways share; what is not so is refused, and what nobody takes."""
    for name, value in words.items():
        if name in _OWN or name == "bufsize":
            continue
        if name not in _USUAL:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
        usual, why = _USUAL[name]
        if value not in usual:
            raise ValueError(f"{name}: {why}")
    own: dict[str, Any] = {name: words.get(name) for name in _OWN}
    own["may_leave_group"] = words.get("may_leave_group", False)
    return start(
        policy,
        args,
        **descriptors(own["stdin"], own["stdout"], own["stderr"]),
        **_owner(own["user"], own["group"], own["extra_groups"]),
        env=None if own["env"] is None else dict(own["env"]),
        **{name: own[name] for name in ("cwd", "limits", "cgroups", "executable", "may_leave_group")},
    )


def _owner(user: Account | None, group: Account | None, extra_groups: Iterable[Account] | None) -> dict[str, Any]:
    """Return whose a job is to be, by numbers."""
    if user is None and group is None and extra_groups is None:
        return {}
    uid = pwd.getpwnam(user).pw_uid if isinstance(user, str) else user
    if group is None and uid not in (None, os.getuid()):
        raise ValueError("user: say group as well; the program would keep this process's")
    groups = None if extra_groups is None else [_gid(group) for group in extra_groups]
    return {"uid": uid, "gid": None if group is None else _gid(group), "groups": groups}


def _gid(group: Account) -> int:
    return grp.getgrnam(group).gr_gid if isinstance(group, str) else group
