"""`run`: a program from its start to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ._errors import CalledProcessError, TimeoutExpired
from ._limits import Seconds
from ._policy import AnyPath
from ._ringfence import Policy, Pump, Sandbox
from ._stdio import Text, given, input_bytes
from ._words import Words, begin

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
    input: str | Buffer | None = None,
    capture_output: bool = False,
    timeout: Seconds | None = None,
    check: bool = False,
    text: bool | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    universal_newlines: bool | None = None,
    **words: Unpack[Words],
) -> CompletedProcess[Any]:
    """Run a program in a sandbox to its end; as `subprocess.run`.

    A `timeout` kills the job and raises `TimeoutExpired`; `Limits.wall` ends it as well, and is told by `limit` of what
    is returned. `bufsize` is of no consequence. See `Popen` for what else differs.
    """
    if input is not None:
        if words.get("stdin") is not None:
            raise ValueError("stdin and input: take one of them")
        words["stdin"] = subprocess.PIPE
    if capture_output:
        if words.get("stdout") is not None or words.get("stderr") is not None:
            raise ValueError("capture_output takes stdout and stderr; leave them out")
        words["stdout"] = words["stderr"] = subprocess.PIPE
    as_text = Text.wanted(text, encoding, errors, universal_newlines)
    data = input_bytes(input, as_text)
    command = given(args)
    job = begin("run", policy, command, words)
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

    def collected(end: Literal["stdout", "stderr"], data: bytes) -> str | bytes | None:
        if words.get(end) != subprocess.PIPE:
            return None
        return data if as_text is None else as_text.read(data)

    if not in_time:
        # As subprocess has it, what was read of a job that was killed stays bytes.
        raise TimeoutExpired(command, timeout, pump.stdout or None, pump.stderr or None)
    returncode, limit = outcome
    ended: CompletedProcess[Any] = CompletedProcess(
        command, returncode, collected("stdout", pump.stdout), collected("stderr", pump.stderr), limit
    )
    if check:
        ended.check_returncode()
    return ended
