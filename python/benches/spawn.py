"""What a start from Python costs beside `subprocess.run`, from a process with 1 GiB in use.

    python benches/spawn.py [rounds]

Each round starts every way once, in turns; shown are medians, and of each way the median of its ratio to the mean of
the two starts by subprocess of the same round. The second of these is the control: what a ratio here can tell.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import ringfence

PROGRAM = ["/bin/true"]
LINES = ["/usr", "/bin", "/lib", "/etc/ld.so.cache", "/etc/hostname", "/etc/hosts", "/dev/null", "/proc", "/tmp"]


def ways() -> dict[str, Callable[[], object]]:
    """Return the ways to start a program, by name."""
    whole = ringfence.Policy(ro=LINES).prepare()
    landlock = ringfence.Policy(ro=LINES, unrestricted="syscalls").prepare()
    limits = ringfence.Limits(wall=60, output=1 << 20)
    return {
        "subprocess.run": lambda: subprocess.run(PROGRAM),
        "subprocess.run again": lambda: subprocess.run(PROGRAM),
        "Landlock": lambda: ringfence.run(PROGRAM, policy=landlock, may_leave_group=True),
        "and in a group that it cannot leave": lambda: ringfence.run(PROGRAM, policy=landlock),
        "and the filter of system calls": lambda: ringfence.run(PROGRAM, policy=whole),
        "and a line of its own": lambda: ringfence.run(PROGRAM, policy=whole.with_lines(rw="/var/tmp")),
        "subprocess.run, output captured": lambda: subprocess.run(PROGRAM, capture_output=True),
        "Landlock, output captured": lambda: ringfence.run(
            PROGRAM, policy=landlock, may_leave_group=True, capture_output=True
        ),
        "with the filter and limits, output captured": lambda: ringfence.run(
            PROGRAM, policy=whole, capture_output=True, limits=limits
        ),
    }


def main() -> None:
    """Measure and show."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 301
    ballast = bytearray(1 << 30)
    for page in range(0, len(ballast), 4096):
        ballast[page] = 1
    every = ways()
    times: dict[str, list[float]] = {name: [] for name in every}
    gc.disable()
    in_turns = list(every.items())
    for number in range(rounds + 5):
        # Whoever comes first after another kind of start pays for it: so each is first in its turn.
        in_turns.append(in_turns.pop(0))
        for name, start in in_turns:
            begun = time.perf_counter()
            start()
            if number >= 5:
                times[name].append(time.perf_counter() - begun)
    plain = [sum(pair) / 2 for pair in zip(times["subprocess.run"], times["subprocess.run again"])]
    captured = times["subprocess.run, output captured"]
    print(f"{'way':45} {'us':>6} {'ratio':>7}")
    for name, taken in times.items():
        base = captured if "captured" in name else plain
        ratio = statistics.median(one / other for one, other in zip(taken, base))
        print(f"{name:45} {statistics.median(taken) * 1e6:6.0f} {ratio:7.3f}")


if __name__ == "__main__":
    main()
