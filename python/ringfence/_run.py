"""`run`: a program from its start to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ._errors import CalledProcessError, TimeoutExpired
from ._limits import Limits, Seconds
from ._policy import AnyPath
from ._ringfence import Cgroups, Policy, Pump, Sandbox, start
from ._stdio import File, Text, descriptors, input_bytes, words
from ._words import Account, Usual, Words, owner, refuse

if TYPE_CHECKING:
    from typing_extensions import Buffer, Unpack

__all__ = ["CompletedProcess", "run"]

T = TypeVar("T")


class CompletedProcess(subprocess.CompletedProcess[T]):
    """A program that has ended, as `subprocess` has it, and the limit that ended it, if one did."""

    def __init__(
        self,
        args: Any,
        returncode: int,
        stdout: Any = None,
        stderr: Any = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(args, returncode, stdout, stderr)
        #: `wall`, `cpu`, `memory`, `processes`, `file-size` or `output`, where it can be told.
        self.limit = limit

    def __repr__(self) -> str:
        text = super().__repr__()
        return f"{text[:-1]}, limit={self.limit!r})" if self.limit else text

    def check_returncode(self) -> None:
        """Raise `CalledProcessError` if it failed, or was ended by a limit."""
        if self.returncode or self.limit:
            raise CalledProcessError(self.returncode, self.args, self.stdout, self.stderr, self.limit)


@overload
def run(
    args: AnyPath | Iterable[AnyPath],
    *,
    policy: Policy | Sandbox,
    text: Literal[True],
    encoding: str | None = ...,
    errors: str | None = ...,
    universal_newlines: bool | None = ...,
    input: str | None = ...,
    capture_output: bool = ...,
    timeout: Seconds | None = ...,
    check: bool = ...,
    **words: Unpack[Words],
) -> CompletedProcess[str]: ...
@overload
def run(
    args: AnyPath | Iterable[AnyPath],
    *,
    policy: Policy | Sandbox,
    text: bool | None = ...,
    encoding: str,
    errors: str | None = ...,
    universal_newlines: bool | None = ...,
    input: str | None = ...,
    capture_output: bool = ...,
    timeout: Seconds | None = ...,
    check: bool = ...,
    **words: Unpack[Words],
) -> CompletedProcess[str]: ...
@overload
def run(
    args: AnyPath | Iterable[AnyPath],
    *,
    policy: Policy | Sandbox,
    text: bool | None = ...,
    encoding: str | None = ...,
    errors: str,
    universal_newlines: bool | None = ...,
    input: str | None = ...,
    capture_output: bool = ...,
    timeout: Seconds | None = ...,
    check: bool = ...,
    **words: Unpack[Words],
) -> CompletedProcess[str]: ...
@overload
def run(
    args: AnyPath | Iterable[AnyPath],
    *,
    policy: Policy | Sandbox,
    text: bool | None = ...,
    encoding: str | None = ...,
    errors: str | None = ...,
    universal_newlines: Literal[True],
    input: str | None = ...,
    capture_output: bool = ...,
    timeout: Seconds | None = ...,
    check: bool = ...,
    **words: Unpack[Words],
) -> CompletedProcess[str]: ...
@overload
def run(
    args: AnyPath | Iterable[AnyPath],
    *,
    policy: Policy | Sandbox,
    text: Literal[False] | None = ...,
    encoding: None = ...,
    errors: None = ...,
    universal_newlines: Literal[False] | None = ...,
    input: Buffer | None = ...,
    capture_output: bool = ...,
    timeout: Seconds | None = ...,
    check: bool = ...,
    **words: Unpack[Words],
) -> CompletedProcess[bytes]: ...
def run(
    args: AnyPath | Iterable[AnyPath],
    *,
    policy: Policy | Sandbox,
    limits: Limits | None = None,
    stdin: File = None,
    input: str | Buffer | None = None,
    stdout: File = None,
    stderr: File = None,
    capture_output: bool = False,
    cwd: AnyPath | None = None,
    env: Mapping[Any, Any] | None = None,
    executable: AnyPath | None = None,
    timeout: Seconds | None = None,
    check: bool = False,
    text: bool | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    universal_newlines: bool | None = None,
    bufsize: int = -1,
    user: Account | None = None,
    group: Account | None = None,
    extra_groups: Iterable[Account] | None = None,
    cgroups: Cgroups | None = None,
    may_leave_group: bool = False,
    **usual: Unpack[Usual],
) -> CompletedProcess[Any]:
    """Run a program in a sandbox to its end; as `subprocess.run`.

    A `timeout` kills the job and raises `TimeoutExpired`; `Limits.wall` ends it as well, and is told by `limit` of what
    is returned. `bufsize` is of no consequence. See `Popen` for what else differs.
    """
    refuse("run", usual)
    if input is not None:
        if stdin is not None:
            raise ValueError("stdin and input: take one of them")
        stdin = subprocess.PIPE
    if capture_output:
        if stdout is not None or stderr is not None:
            raise ValueError("capture_output takes stdout and stderr; leave them out")
        stdout = stderr = subprocess.PIPE
    as_text = Text.wanted(text, encoding, errors, universal_newlines)
    data = input_bytes(input, as_text)
    command = words(args)
    job = start(
        policy,
        command,
        **descriptors(stdin, stdout, stderr),
        env=None if env is None else dict(env),
        cwd=cwd,
        limits=limits,
        cgroups=cgroups,
        executable=executable,
        may_leave_group=may_leave_group,
        **owner(user, group, extra_groups),
    )
    pump = Pump(job, data)
    try:
        in_time = pump.run(timeout)
    except BaseException:
        job.kill()
        raise
    if not in_time:
        job.kill()
        pump.run()
    outcome = job.wait()
    assert outcome is not None, "it was waited for without end"

    def collected(end: File, data: bytes) -> str | bytes | None:
        if end != subprocess.PIPE:
            return None
        return data if as_text is None else as_text.read(data)

    if not in_time:
        # As subprocess has it, what was read of a job that was killed stays bytes.
        raise TimeoutExpired(command, timeout, pump.stdout or None, pump.stderr or None)
    returncode, limit = outcome
    ended: CompletedProcess[Any] = CompletedProcess(
        command, returncode, collected(stdout, pump.stdout), collected(stderr, pump.stderr), limit
    )
    if check:
        ended.check_returncode()
    return ended
