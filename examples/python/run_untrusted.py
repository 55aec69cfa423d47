"""Run Python that strangers wrote: no files but its own, no network, ten seconds, and a bounded answer.

    python run_untrusted.py script.py

prints what the script wrote and how it ended.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import ringfence

#: What this Python needs to start.
INTERPRETER = ringfence.Policy(
    ro=[
        "/usr",
        "/lib",
        {"path": "/lib64", "optional": True},
        {"path": "/etc/ld.so.cache", "optional": True},
        sys.base_prefix,
    ],
    fs={"path": "/dev/null", "access": ["read", "write"]},
)

#: Opened and compiled once; each job adds its own directory.
SANDBOX = INTERPRETER.prepare()

LIMITS = ringfence.Limits(wall=10, cpu=5, memory=512 << 20, open_files=64, file_size=1 << 20, output=64 << 10)


def run_untrusted(code: str) -> ringfence.CompletedProcess[str]:
    """Run code in a directory of its own, which is gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="job-"))
    try:
        (directory / "main.py").write_text(code)
        return ringfence.run(
            # Not the interpreter of an environment: its packages are none of the job's business.
            [Path(sys.base_prefix) / "bin" / "python3", "-I", "main.py"],
            policy=SANDBOX.with_lines(rw=directory),
            limits=LIMITS,
            env={"TMPDIR": str(directory)},
            cwd=directory,
            stdin=ringfence.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main() -> int:
    """Run the script that the command line names."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    ended = run_untrusted(Path(sys.argv[1]).read_text())
    sys.stdout.write(ended.stdout)
    sys.stderr.write(ended.stderr)
    why = f", by its limit: {ended.limit}" if ended.limit else ""
    print(f"ended with {ended.returncode}{why}")
    return 0 if ended.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
