"""Restricting a process for good, in processes of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

START = """
import json, os, sys, threading, ringfence
def can_read(path):
    try:
        open(path).close()
        return True
    except PermissionError:
        return False
"""


def test_a_process_restricts_itself(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
before = [can_read({str(secret)!r}), ringfence.status().no_new_privs]
plan = ringfence.Policy(ro="/usr").enforce()
after = [can_read({str(secret)!r}), ringfence.status().no_new_privs]
print(json.dumps([before, after, bool(plan.decide("read", "/usr")), ringfence.status().seccomp_mode]))
"""
    )
    assert told == [[True, False], [False, True], True, 2]


def test_every_thread_is_restricted(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
go = threading.Event()
answers = []
def work():
    go.wait()
    answers.append(can_read({str(secret)!r}))
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
ringfence.Policy(ro="/usr", allow="signal").enforce()
go.set()
for thread in threads:
    thread.join()
print(json.dumps(answers))
"""
    )
    assert told == [False] * 8


def test_one_thread_can_be_restricted_alone(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
answers = []
def work():
    ringfence.Policy(ro="/usr").enforce_this_thread()
    answers.append(can_read({str(secret)!r}))
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(json.dumps([*answers, can_read({str(secret)!r})]))
"""
    )
    assert told == [False, True]


def test_another_process_can_be_asked_for(in_process: Any) -> None:
    told = in_process(
        START
        + """
import subprocess
with subprocess.Popen(["sleep", "60"]) as free:
    statuses = [ringfence.status(free.pid)]
    free.kill()
with ringfence.Popen(["sleep", "60"], policy=ringfence.Policy(ro=["/usr", "/lib", "/bin"], best_effort=True)) as job:
    statuses.append(ringfence.status(job.pid))
    job.kill()
try:
    ringfence.status(free.pid)
except FileNotFoundError:
    statuses.append(None)
print(json.dumps([status and [status.no_new_privs, status.landlock_layers] for status in statuses]))
"""
    )
    assert told == [[False, None], [True, None], None]


#: What a second interpreter of the process does; descriptor 9 is a pipe.
SECOND = """
try:
    import ringfence
    said = "imported"
except ImportError as error:
    said = str(error)
import os
os.write(9, said.encode())
"""


def test_a_second_interpreter_is_refused_with_the_reason(in_process: Any) -> None:
    told = in_process(
        START
        + f"""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
reader, writer = os.pipe()
os.dup2(writer, 9)
second = interpreters.create()
interpreters.run_string(second, f"import sys; sys.path[:] = {{sys.path!r}}" + {SECOND!r})
interpreters.destroy(second)
print(json.dumps(os.read(reader, 1000).decode()))
"""
    )
    assert "serves one alone" in told or "does not support loading in subinterpreters" in told


def test_what_it_starts_is_restricted_too_and_layers_are_counted(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
import subprocess
layers = [ringfence.status().landlock_layers]
ringfence.Policy(ro=["/usr", "/lib", {{"path": "/lib64", "optional": True}}], rw="/dev/null").enforce()
layers.append(ringfence.status().landlock_layers)
code = subprocess.run(["cat", {str(secret)!r}], stderr=subprocess.DEVNULL).returncode
inner = ringfence.run(["true"], policy=ringfence.Policy(ro="/usr"))
print(json.dumps([layers[1] - layers[0], code, inner.returncode]))
"""
    )
    assert told == [1, 1, 0]


def test_a_policy_that_cannot_be_had_restricts_nothing(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
refused = []
for policy in (ringfence.Policy(minimum_abi=999), ringfence.Policy(ro="/no/such")):
    try:
        policy.enforce()
    except ringfence.SandboxError as error:
        refused.append(type(error).__name__)
print(json.dumps([refused, can_read({str(secret)!r})]))
"""
    )
    assert told == [["RefusedError", "SandboxError"], True]


def test_too_many_layers_are_an_error_that_says_so(in_process: Any) -> None:
    told = in_process(
        START
        + """
error = None
try:
    for _ in range(20):
        ringfence.Policy(ro="/", unrestricted="syscalls").enforce()
except ringfence.EnforceError as fault:
    error = [str(fault), fault.landlock_holds]
print(json.dumps(error))
"""
    )
    sentence, landlock_holds = told
    assert "16 Landlock layers already" in sentence
    assert landlock_holds is False
