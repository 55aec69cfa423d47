"""Sandboxes in forked workers, as test runners (pytest-xdist, pytest-forked) and preforking servers have them.

    python forking_workers.py

The sandbox is made once, before the workers are forked, and serves all of them. A job belongs to the process that
started it: a fork that inherits one cannot touch it, and does not end it.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

import ringfence

SANDBOX = ringfence.Policy(
    ro=["/usr", "/bin", "/lib", {"path": "/lib64", "optional": True}, {"path": "/etc/ld.so.cache", "optional": True}],
    fs={"path": "/dev/null", "access": ["read", "write"]},
).prepare()


def check(number: int) -> tuple[int, int, str]:
    """Be one test of many: run a program in a directory of its own, and look at what it says."""
    with tempfile.TemporaryDirectory() as directory:
        sandbox = SANDBOX.with_lines(rw=directory)
        script = f"echo {number} > mine; cat mine; ls {Path(directory).parent} && echo escaped"
        ended = ringfence.run(
            ["sh", "-c", script],
            policy=sandbox,
            limits=ringfence.Limits(wall=30),
            cwd=directory,
            stdout=ringfence.PIPE,
            stderr=ringfence.DEVNULL,
            text=True,
        )
    return os.getpid(), number, ended.stdout


def main() -> int:
    """Let four workers do forty checks, beside a job of this process."""
    with ringfence.Popen(["sleep", "60"], policy=SANDBOX) as own:
        with multiprocessing.get_context("fork").Pool(4) as pool:
            checked = pool.map(check, range(40))
        still_runs = own.poll() is None
        own.kill()
    workers = {worker for worker, _, _ in checked}
    right = all(output == f"{number}\n" for _, number, output in checked)
    print(
        f"{len(checked)} checks by {len(workers)} workers, all in their sandboxes: {right}; own job runs: {still_runs}"
    )
    return 0 if right and still_runs else 1


if __name__ == "__main__":
    sys.exit(main())
