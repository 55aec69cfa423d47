"""The same calls by `subprocess` and by this package: the same results, and exceptions that say the same.

What differs is in docs/python.md, and held by tests of its own.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ringfence
from ringfence import DEVNULL, PIPE, STDOUT, Policy

#: Attributes of exceptions that programs look at.
FACTS = ("errno", "filename", "strerror", "returncode", "cmd", "output", "stdout", "stderr")
ENCODED = {"stdout": PIPE, "encoding": "utf-8"}


class Ways:
    """One of the two, whose `run` and `Popen` take the same words."""

    def __init__(self, module: Any, **words: Any) -> None:
        self.run = functools.partial(module.run, **words)
        self.Popen = functools.partial(module.Popen, **words)

    def told(self, act: Callable[[Any], Any]) -> Any:
        """Return what an act returns or raises, as data."""
        try:
            found = act(self)
        except Exception as error:
            return fact(error)
        if isinstance(found, subprocess.CompletedProcess):
            return (found.args, found.returncode, found.stdout, found.stderr, repr(found))
        return found


def fact(error: BaseException) -> Any:
    # What `except` knows it by.
    kind = next(kind for kind in type(error).__mro__ if not kind.__module__.startswith("ringfence"))
    return (kind.__name__, *(getattr(error, name, None) for name in FACTS))


def sh(script: str) -> list[str]:
    return ["sh", "-c", script]


#: Calls of `run`, by what they are about.
RUNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "args: a word": ("true", {}),
    "args: bytes": (b"true", {}),
    "args: a path": (Path("/bin/true"), {}),
    "args: all kinds": (["/bin/echo", Path("/x"), b"\xff"], {"stdout": PIPE}),
    "args: a number": (["echo", 1], {}),
    "args: none": (None, {}),
    "args: NUL": (["echo", "a\0b"], {}),
    "args: words in one": ("echo a", {}),
    "input": (["cat"], {"input": b"x\0\xff", "stdout": PIPE}),
    "input: bytearray": (["cat"], {"input": bytearray(b"x"), "stdout": PIPE}),
    "input: memoryview": (["cat"], {"input": memoryview(b"xyz")[1:], "stdout": PIPE}),
    "input: empty": (["cat"], {"input": b"", "stdout": PIPE}),
    "input: text for bytes": (["cat"], {"input": "x", "stdout": PIPE}),
    "input: nobody reads it": (["true"], {"input": b"x" * (1 << 20)}),
    "input and stdin": (["cat"], {"input": b"", "stdin": PIPE}),
    "capture_output": (sh("echo a; echo b >&2"), {"capture_output": True}),
    "capture_output and stdout": (["true"], {"capture_output": True, "stdout": PIPE}),
    "stderr to stdout": (sh("echo a; echo b >&2"), {"stdout": PIPE, "stderr": STDOUT}),
    "stdin: nothing": (["cat"], {"stdin": DEVNULL, "stdout": PIPE}),
    "stdin: no descriptor": (["cat"], {"stdin": 99999, "stdout": PIPE}),
    "stdin: no file": (["cat"], {"stdin": object(), "stdout": PIPE}),
    "text": (["cat"], {"input": "a\nb\r\nc\rä", "stdout": PIPE, "text": True}),
    "text: universal_newlines": (["cat"], {"input": "a\r\nb", "stdout": PIPE, "universal_newlines": True}),
    "text: two words for no": (["echo"], {"stdout": PIPE, "text": False, "universal_newlines": False}),
    "text: words that differ": (["echo"], {"stdout": PIPE, "text": False, "universal_newlines": True}),
    "text: others that differ": (["echo"], {"stdout": PIPE, "text": True, "universal_newlines": False}),
    "encoding": (["printf", "\\344"], {"stdout": PIPE, "encoding": "latin-1"}),
    "encoding: unknown": (["cat"], {"stdin": DEVNULL, "stdout": PIPE, "encoding": "no-such"}),
    "encoding: of input": (["cat"], {"input": "ä", "stdout": PIPE, "encoding": "ascii"}),
    "errors": (["printf", "a\\377"], {"stdout": PIPE, "errors": "replace"}),
    "errors: strict": (["printf", "a\\377"], {**ENCODED}),
    "errors: ignored": (["printf", "a\\377"], {**ENCODED, "errors": "ignore"}),
    "check": (sh("echo a; echo b >&2; exit 3"), {"check": True, "capture_output": True}),
    "check: a signal": (sh("kill -TERM $$"), {"check": True}),
    "check: fine": (["true"], {"check": True}),
    "returncode: a signal": (sh("kill -KILL $$"), {}),
    "returncode": (sh("exit 255"), {}),
    "timeout": (sh("exec sleep 5"), {"timeout": 0.2}),
    "timeout: nothing came": (sh("exec sleep 5"), {"timeout": 0.2, "capture_output": True}),
    "timeout: something came": (sh("echo a; exec sleep 5"), {"timeout": 0.5, "capture_output": True}),
    "timeout: as text": (sh("echo a; exec sleep 5"), {"timeout": 0.5, "capture_output": True, "text": True}),
    "timeout: past": (sh("exec sleep 5"), {"timeout": -1}),
    "timeout: no time": (["true"], {"timeout": "soon"}),
    "timeout: long": (["true"], {"timeout": 1e6}),
    "cwd": (["pwd"], {"cwd": "/usr", "stdout": PIPE}),
    "cwd: a path": (["pwd"], {"cwd": Path("/usr"), "stdout": PIPE}),
    "cwd: missing": (["pwd"], {"cwd": "/no/such"}),
    "env": (["/usr/bin/env"], {"env": {"A": "1", b"B": Path("/x")}, "stdout": PIPE}),
    "env: empty": (["/usr/bin/env"], {"env": {}, "stdout": PIPE}),
    "env: NUL": (["/usr/bin/env"], {"env": {"A": "1\0"}}),
    "env: no name": (["/usr/bin/env"], {"env": {"A=": "1"}}),
    "env: no text": (["/usr/bin/env"], {"env": {"A": 1}}),
    "env: PATH": (["true"], {"env": {"PATH": "/no/such"}}),
    "executable": (["called", "-c", "echo $0"], {"executable": "/bin/sh", "stdout": PIPE}),
    "missing": (["no-such-program"], {}),
    "missing: a path": (["/no/such-program"], {}),
    "a directory": (["/usr"], {}),
    "not executable": (["/etc/passwd"], {}),
    "bufsize": (["echo"], {"bufsize": 0, "stdout": PIPE}),
    "bufsize: none": (["echo"], {"bufsize": None, "stdout": PIPE}),
    "as usual": (
        ["true"],
        {
            **{"shell": False, "preexec_fn": None, "close_fds": True, "pass_fds": (), "restore_signals": True},
            **{"start_new_session": False, "startupinfo": None, "creationflags": 0},
        },
    ),
    "no word": (["true"], {"closefds": True}),
    "user": (["id", "-u"], {"user": os.getuid(), "stdout": PIPE}),
    "user: nobody": (["true"], {"user": "no-such-user"}),
    "group": (["id", "-g"], {"group": os.getgid(), "stdout": PIPE}),
    "group: none": (["true"], {"group": "no-such-group"}),
}
if sys.version_info >= (3, 10):
    RUNS["pipesize"] = (["echo"], {"stdout": PIPE, "pipesize": -1})
if sys.version_info >= (3, 11):
    RUNS["process_group"] = (["true"], {"process_group": 0})
if os.geteuid() == 0:
    RUNS["another user"] = (
        sh("id -u; id -g; id -G"),
        {"user": "nobody", "group": 65533, "extra_groups": [1234, "daemon"], "stdout": PIPE},
    )
    RUNS["extra_groups"] = (["id", "-G"], {"extra_groups": [1234], "stdout": PIPE})


@pytest.fixture(scope="module")
def ways(base: Policy) -> tuple[Ways, Ways]:
    """Return `subprocess`, and this package with a policy under which the calls here work."""
    policy = base.merge(Policy(fs={"path": "/etc", "access": ["read"]}))
    return Ways(subprocess), Ways(ringfence, policy=policy.prepare())


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of PATH what this user may not look into, of which `execvp` and this package think differently."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def same(ways: tuple[Ways, Ways], act: Callable[[Any], Any]) -> None:
    usual, ours = (way.told(act) for way in ways)
    assert ours == usual


@pytest.mark.parametrize("name", RUNS)
def test_run_does_what_subprocess_does(ways: tuple[Ways, Ways], name: str) -> None:
    args, words = RUNS[name]
    same(ways, lambda way: way.run(args, **words))


def communicates_twice(way: Any) -> Any:
    with way.Popen(["cat"], stdin=PIPE, stdout=PIPE) as job:
        first = job.communicate(b"x")
        return first, job.communicate(), job.returncode, job.poll(), job.wait(), job.stdin.closed, job.stdout.closed


def communicates_twice_with_input(way: Any) -> Any:
    with way.Popen(["cat"], stdin=PIPE, stdout=PIPE) as job:
        job.communicate(b"x")
        job.communicate(b"y")


def communicates_late(way: Any) -> Any:
    with way.Popen(sh("echo a; exec sleep 0.8"), stdout=PIPE, stderr=PIPE) as job:
        with pytest.raises(subprocess.TimeoutExpired) as late:
            job.communicate(timeout=0.4)
        return fact(late.value), late.value.timeout, str(late.value), job.communicate()


def communicates_late_without_a_pipe(way: Any) -> Any:
    with way.Popen(["sleep", "0.5"]) as job:
        with pytest.raises(subprocess.TimeoutExpired) as late:
            job.communicate(timeout=0.1)
        return fact(late.value), job.communicate()


def communicates_after_reading(way: Any, text: bool, bufsize: int = -1) -> Any:
    with way.Popen(["printf", "ab\\r\\nc\\303\\244"], stdout=PIPE, text=text, bufsize=bufsize) as job:
        return job.stdout.read(1), job.communicate()


def communicates_after_a_line(way: Any) -> Any:
    with way.Popen(sh("echo one; echo two; echo three"), stdout=PIPE, encoding="utf-8") as job:
        return job.stdout.readline(), job.communicate()


def communicates_after_writing(way: Any) -> Any:
    with way.Popen(["cat"], stdin=PIPE, stdout=PIPE) as job:
        job.stdin.write(b"abc")
        return job.communicate(b"def")


def waits_late(way: Any) -> Any:
    with way.Popen(["sleep", "5"]) as job:
        with pytest.raises(subprocess.TimeoutExpired) as late:
            job.wait(0.1)
        job.kill()
        return fact(late.value), late.value.timeout, job.wait()


def is_asked_before_it_ends(way: Any) -> Any:
    with way.Popen(["cat"], stdin=PIPE) as job:
        return job.args, job.returncode, job.poll(), job.stdout, job.stderr


def is_looked_at_after_its_end(way: Any) -> Any:
    with way.Popen(["true"]) as job:
        time.sleep(0.3)
        return job.returncode, job.poll(), job.returncode, job.kill(), job.terminate(), job.send_signal(10)


def is_terminated(way: Any) -> Any:
    with way.Popen(["sleep", "9"]) as job:
        job.terminate()
        return job.wait()


def is_stopped_and_killed(way: Any) -> Any:
    with way.Popen(["sleep", "9"]) as job:
        job.send_signal(signal.SIGSTOP)
        job.kill()
        return job.wait()


def gets_no_signal(way: Any) -> Any:
    with way.Popen(["sleep", "0.1"]) as job:
        job.send_signal(9999)


def has_files(way: Any, **words: Any) -> Any:
    with way.Popen(["cat"], stdin=PIPE, stdout=PIPE, **words) as job:
        found = []
        for file in (job.stdin, job.stdout):
            raw = file
            for inner in ("buffer", "raw"):
                raw = getattr(raw, inner, raw)
            kind = "FileIO" if raw is file else type(file).__name__
            marks = [getattr(file, name, None) for name in ("line_buffering", "write_through", "errors", "newlines")]
            found.append((kind, raw.mode, raw.closefd, file.readable(), file.writable(), *marks))
        return found


def is_read_by_lines(way: Any) -> Any:
    with way.Popen(sh("echo a; echo b"), stdout=PIPE, text=True) as job:
        return list(job.stdout)


def closes_its_pipes(way: Any) -> Any:
    with way.Popen(["cat"], stdin=PIPE, stdout=PIPE) as job:
        pass
    return job.stdin.closed, job.stdout.closed, job.returncode


def leaves_no_warning(way: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with way.Popen(["cat"], stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as job:
            return job.communicate("x")


@pytest.mark.parametrize(
    "act",
    [
        communicates_twice,
        communicates_twice_with_input,
        communicates_late,
        communicates_late_without_a_pipe,
        functools.partial(communicates_after_reading, text=False),
        functools.partial(communicates_after_reading, text=False, bufsize=0),
        functools.partial(communicates_after_reading, text=True),
        communicates_after_a_line,
        communicates_after_writing,
        waits_late,
        is_asked_before_it_ends,
        is_looked_at_after_its_end,
        is_terminated,
        is_stopped_and_killed,
        gets_no_signal,
        has_files,
        functools.partial(has_files, bufsize=0),
        functools.partial(has_files, text=True),
        functools.partial(has_files, text=True, bufsize=1),
        functools.partial(has_files, encoding="latin-1", errors="replace"),
        is_read_by_lines,
        closes_its_pipes,
        leaves_no_warning,
    ],
    ids=str,
)
def test_popen_does_what_subprocess_does(ways: tuple[Ways, Ways], act: Callable[[Any], Any]) -> None:
    same(ways, act)


def test_what_was_read_of_one_pipe_is_kept_with_two(base: Policy) -> None:
    """`subprocess` loses what is in the buffer of a file here."""
    with ringfence.Popen(sh("printf abc; printf def >&2"), policy=base, stdout=PIPE, stderr=PIPE) as job:
        assert job.stdout is not None
        assert job.stderr is not None
        assert (job.stdout.read(1), job.stderr.read(1)) == (b"a", b"d")
        assert job.communicate() == (b"bc", b"ef")


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *[("shell", True), ("preexec_fn", print), ("close_fds", False), ("pass_fds", (3,)), ("umask", 0o27)],
        *[("restore_signals", False), ("start_new_session", True), ("process_group", 3), ("pipesize", 9)],
        *[("startupinfo", 1), ("creationflags", 1)],
    ],
)
def test_a_word_that_has_another_value_is_refused_with_the_reason(base: Policy, word: str, value: object) -> None:
    words: Any = {word: value}
    for start in (ringfence.run, ringfence.Popen):
        with pytest.raises(ValueError, match=rf"^{word}: .{{15}}"):
            start(["true"], policy=base, **words)


def test_another_user_without_a_group_is_refused(base: Policy) -> None:
    with pytest.raises(ValueError, match="say group as well"):
        ringfence.run(["true"], policy=base, user=os.getuid() + 1)
    if os.geteuid() != 0:
        with pytest.raises(ringfence.StartError, match="CAP_SETUID"):
            ringfence.run(["true"], policy=base, user=os.getuid() + 1, group=os.getgid())


def test_a_block_that_fails_kills_its_job(ways: tuple[Ways, Ways]) -> None:
    codes = []
    for way in ways:
        with contextlib.suppress(KeyError), way.Popen(["sleep", "0.2"]) as job:
            raise KeyError
        codes.append(job.returncode)
    assert codes == [0, -signal.SIGKILL]
