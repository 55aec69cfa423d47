"""Unprivileged sandboxes for programs and functions: Landlock and seccomp in the words of `subprocess`.

A `Policy` says what a program may do; everything else is denied. What the running kernel cannot enforce stops the
start.

>>> import ringfence
>>> policy = ringfence.Policy(ro=["/usr", "/lib", "/lib64"])
>>> ended = ringfence.run(["cat", "/etc/shadow"], policy=policy, capture_output=True, text=True)
>>> ended.returncode
1

`run` and `Popen` are subprocess's, `create_subprocess_exec` asyncio's; `confined` runs a function in a restricted copy
of this process, and `Policy.enforce` restricts the process itself.
"""

from subprocess import DEVNULL, PIPE, STDOUT

from ._asyncio import Process, create_subprocess_exec
from ._confined import confined
from ._errors import (
    AnswerError,
    AnswerTooLongError,
    CalledProcessError,
    ConfineError,
    CrashedError,
    DirectoryNotFoundError,
    EnforceError,
    JobError,
    KilledError,
    LimitError,
    NoAnswerError,
    PolicyError,
    ProgramNotExecutableError,
    ProgramNotFoundError,
    RefusedError,
    RemoteError,
    RingfenceError,
    SandboxError,
    StartError,
    TimeoutExpired,
)
from ._limits import LimitAccount, Limits
from ._popen import Popen
from ._ringfence import Cgroups, Decision, Kernel, Plan, Policy, Sandbox
from ._run import CompletedProcess, run
from ._status import Status, status

__all__ = [
    "DEVNULL",
    "PIPE",
    "STDOUT",
    "AnswerError",
    "AnswerTooLongError",
    "CalledProcessError",
    "Cgroups",
    "CompletedProcess",
    "ConfineError",
    "CrashedError",
    "Decision",
    "DirectoryNotFoundError",
    "EnforceError",
    "JobError",
    "Kernel",
    "KilledError",
    "LimitAccount",
    "LimitError",
    "Limits",
    "NoAnswerError",
    "Plan",
    "Policy",
    "PolicyError",
    "Popen",
    "Process",
    "ProgramNotExecutableError",
    "ProgramNotFoundError",
    "RefusedError",
    "RemoteError",
    "RingfenceError",
    "Sandbox",
    "SandboxError",
    "StartError",
    "Status",
    "TimeoutExpired",
    "confined",
    "create_subprocess_exec",
    "run",
    "status",
]
