"""`run`, against real programs. Each denial has a twin: the same act without a sandbox succeeds."""

from __future__ import annotations

import datetime
import gc
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import ringfence
from ringfence import Limits, Policy, run


def test_reading_outside_of_the_policy_is_denied(base: Policy, secret: Path) -> None:
    assert subprocess.run(["cat", secret], capture_output=True, text=True).stdout == "secret\n"
    ended = run(["cat", secret], policy=base, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "Permission denied" in ended.stderr
    allowed = run(["cat", secret], policy=base.merge(Policy(ro=secret)), capture_output=True, text=True)
    assert (allowed.returncode, allowed.stdout, allowed.stderr, allowed.limit) == (0, "secret\n", "", None)


def test_writing_outside_of_the_policy_is_denied(base: Policy, tmp_path: Path) -> None:
    act = ["touch", str(tmp_path / "new")]
    assert run(act, policy=base, stderr=ringfence.DEVNULL).returncode != 0
    assert not (tmp_path / "new").exists()
    assert run(act, policy=base.merge(Policy(rw=tmp_path))).returncode == 0
    assert (tmp_path / "new").exists()


def test_connecting_outside_of_the_policy_is_denied(for_python: Policy) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port})).close()"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 0
        denied = run([sys.executable, "-c", code], policy=for_python, capture_output=True, text=True)
        assert denied.returncode == 1
        assert "PermissionError" in denied.stderr
        if ringfence.Kernel.probe().abi >= 4:
            wider = for_python.merge(Policy(connect_tcp=port))
            assert run([sys.executable, "-c", code], policy=wider).returncode == 0


def test_a_sandbox_serves_many_and_its_lines_are_no_others(base: Policy, tmp_path: Path) -> None:
    sandbox = base.prepare()
    jobs = [tmp_path / name for name in "ab"]
    for job in jobs:
        job.mkdir()
    for job, other in (jobs, jobs[::-1]):
        own = sandbox.with_lines(rw=job)
        assert run(["touch", str(job / "x")], policy=own).returncode == 0
        assert run(["touch", str(other / "y")], policy=own, stderr=ringfence.DEVNULL).returncode != 0
    assert run(["touch", str(jobs[0] / "z")], policy=sandbox, stderr=ringfence.DEVNULL).returncode != 0
    assert sandbox.plan.starts
    with pytest.raises(ringfence.PolicyError, match="takes no more lines"):
        own.with_lines(ro="/")
    with pytest.raises(ringfence.PolicyError, match="cannot add anything but lines"):
        sandbox.with_lines(allow="debug")  # type: ignore[call-arg]


@pytest.mark.parametrize("size", [0, 1, 4096, 65536, 3 << 20])
def test_input_and_output_of_any_size_pass(base: Policy, size: int) -> None:
    data = os.urandom(size)
    ended = run(["cat"], policy=base, input=data, capture_output=True)
    assert ended.stdout == data
    both = run(["sh", "-c", "cat; echo x >&2"], policy=base, input=data, capture_output=True)
    assert (both.stdout, both.stderr) == (data, b"x\n")


def test_input_that_nobody_reads_is_no_error(base: Policy) -> None:
    assert run(["true"], policy=base, input=b"x" * (1 << 20)).returncode == 0


def test_standard_descriptors_go_where_subprocess_sends_them(base: Policy, tmp_path: Path) -> None:
    act = ["sh", "-c", "cat; echo err >&2"]
    with open(tmp_path / "file", "w+b") as file:
        file.write(b"in\n")
        file.flush()
        file.seek(0)
        ended = run(act, policy=base, stdin=file, stdout=ringfence.PIPE, stderr=ringfence.STDOUT)
        assert ended.stdout == b"in\nerr\n"
        assert ended.stderr is None
        run(act, policy=base, stdin=ringfence.DEVNULL, stdout=file.fileno(), stderr=ringfence.STDOUT)
        run(act, policy=base, stdin=ringfence.DEVNULL, stdout=ringfence.DEVNULL, stderr=file)
    assert (tmp_path / "file").read_bytes() == b"in\nerr\nerr\n"
    with pytest.raises(ringfence.JobError, match="cannot use the descriptor"):
        run(act, policy=base, stdout=1_000_000)
    for wrong in ({"stdin": ringfence.STDOUT}, {"stdout": ringfence.STDOUT}, {"stdin": -7}):
        with pytest.raises(ValueError, match=r"STDOUT is for stderr|no descriptor"):
            run(act, policy=base, **wrong)


def test_standard_error_follows_an_inherited_standard_output() -> None:
    code = (
        "import ringfence, sys; ringfence.run(['sh', '-c', 'echo out; echo err >&2'], "
        "policy=ringfence.Policy(ro=['/usr', '/lib', {'path': '/lib64', 'optional': True}]), stderr=ringfence.STDOUT)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert (ended.stdout, ended.stderr) == (b"out\nerr\n", b"")


def test_text_has_the_lines_and_the_encoding_that_subprocess_gives_it(base: Policy) -> None:
    act = ["printf", "a\\r\\nb\\rc\\344"]
    asked: dict[str, Any] = {"capture_output": True, "encoding": "latin-1"}
    assert run(act, policy=base, **asked).stdout == subprocess.run(act, **asked).stdout == "a\nb\ncä"
    assert run(["cat"], policy=base, input="ä", encoding="latin-1", stdout=ringfence.PIPE).stdout == "ä"
    with pytest.raises(LookupError):
        run(["cat"], policy=base, encoding="no-such")
    with pytest.raises(TypeError, match="say text=True"):
        run(["cat"], policy=base, input="ä")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="take one of them"):
        run(["cat"], policy=base, input=b"", stdin=ringfence.PIPE)
    with pytest.raises(ValueError, match="capture_output takes"):
        run(["cat"], policy=base, capture_output=True, stdout=ringfence.PIPE)


def test_environment_and_directory_are_what_is_asked_for(
    base: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGFENCE_TEST", "inherited")
    act = ["sh", "-c", "echo $RINGFENCE_TEST; pwd"]
    here = run(act, policy=base, capture_output=True, text=True, cwd=tmp_path)
    assert here.stdout == f"inherited\n{os.path.realpath(tmp_path)}\n"
    bare = run(["/usr/bin/env"], policy=base, capture_output=True, env={"A": "1", b"B": Path("/x")})
    assert sorted(bare.stdout.split()) == [b"A=1", b"B=/x"]
    for wrong in ({"A=B": "1"}, {"": "1"}):
        with pytest.raises(ValueError, match="no name of a variable"):
            run(act, policy=base, env=wrong)
    with pytest.raises(ValueError, match="NUL"):
        run(["echo", "a\0b"], policy=base)
    with pytest.raises(ringfence.DirectoryNotFoundError, match="cannot start in") as error:
        run(act, policy=base, cwd=tmp_path / "nowhere")
    assert (error.value.errno, error.value.filename) == (2, str(tmp_path / "nowhere"))


def test_no_descriptor_is_inherited(for_python: Policy) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    try:
        act = [sys.executable, "-c", f"import os; os.write({writer}, b'x')"]
        assert subprocess.run(act, close_fds=False).returncode == 0
        assert run(act, policy=for_python, stderr=ringfence.DEVNULL).returncode != 0
    finally:
        os.close(reader)
        os.close(writer)


def test_the_program_is_called_what_is_asked_for(base: Policy) -> None:
    ended = run(["name", "-c", "echo $0"], policy=base, executable="/bin/sh", capture_output=True, text=True)
    assert ended.stdout == "name\n"
    assert run("true", policy=base).returncode == 0
    assert run(Path("/bin/true"), policy=base).args == Path("/bin/true")
    assert run((word for word in ["true"]), policy=base).args == ["true"]


def test_failures_to_start_are_those_that_subprocess_has(base: Policy, secret: Path) -> None:
    for name in ("ringfence-no-such", "/no/such"):
        with pytest.raises(FileNotFoundError) as missing:
            run([name], policy=base)
        assert isinstance(missing.value, ringfence.ProgramNotFoundError)
        assert missing.value.errno == 2
        assert name in str(missing.value)
    with pytest.raises(PermissionError) as denied:
        run([secret], policy=base)
    assert isinstance(denied.value, ringfence.StartError)
    for nothing in ([], [""]):
        with pytest.raises((ValueError, FileNotFoundError)):
            run(nothing, policy=base)
    with pytest.raises(TypeError, match="policy: expected a Policy or Sandbox, not str"):
        run(["true"], policy="ro /usr")  # type: ignore[call-overload]


def test_a_policy_that_cannot_be_had_starts_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    act = ["touch", str(marker)]
    with pytest.raises(ringfence.RefusedError) as refused:
        run(act, policy=Policy(rw="/", minimum_abi=1000))
    assert refused.value.refusals
    with pytest.raises(ringfence.SandboxError, match="/no/such"):
        run(act, policy=Policy(rw="/no/such"))
    assert not marker.exists()


def test_a_time_out_kills_all_of_the_job(base: Policy, tmp_path: Path) -> None:
    policy = base.merge(Policy(rw=tmp_path))
    act = f"(sleep 1; touch {tmp_path}/left) & echo begun; sleep 30"
    with pytest.raises(ringfence.TimeoutExpired) as error:
        run(["sh", "-c", act], policy=policy, capture_output=True, timeout=datetime.timedelta(seconds=0.4))
    assert isinstance(error.value, subprocess.TimeoutExpired)
    assert (error.value.output, error.value.timeout) == (b"begun\n", 0.4)
    time.sleep(1.2)
    assert not (tmp_path / "left").exists()
    with pytest.raises(ValueError, match="is no time"):
        run(["true"], policy=base, timeout=float("nan"))
    assert run(["true"], policy=base, timeout=float("inf")).returncode == 0


def test_what_a_program_leaves_behind_is_killed(base: Policy, tmp_path: Path) -> None:
    act = ["sh", "-c", f"(sleep 1; touch {tmp_path}/left) & exit 7"]
    assert subprocess.run(act).returncode == 7
    time.sleep(1.2)
    assert (tmp_path / "left").exists()
    (tmp_path / "left").unlink()
    assert run(act, policy=base.merge(Policy(rw=tmp_path))).returncode == 7
    time.sleep(1.2)
    assert not (tmp_path / "left").exists()


def test_limits_end_a_job_and_say_so(base: Policy, tmp_path: Path) -> None:
    policy = base.merge(Policy(rw=tmp_path))
    timed = run(["sleep", "30"], policy=policy, limits=Limits(wall=0.2))
    assert (timed.returncode, timed.limit) == (-9, "wall")
    spinning = run(["sh", "-c", "while :; do :; done"], policy=policy, limits=Limits(cpu=1))
    assert spinning.limit == "cpu"
    wordy = run(["sh", "-c", "yes"], policy=policy, capture_output=True, limits=Limits(output=1000))
    assert (len(wordy.stdout), wordy.limit) == (1000, "output")
    brief = run(["sh", "-c", "printf 12345"], policy=policy, capture_output=True, limits=Limits(output=4))
    assert (brief.stdout, brief.limit) == (b"1234", "output")
    just = run(["sh", "-c", "printf 1234"], policy=policy, capture_output=True, limits=Limits(output=4))
    assert (just.stdout, just.limit) == (b"1234", None)
    file = tmp_path / "large"
    large = run(["sh", "-c", f"exec head -c 9999 /usr/bin/env > {file}"], policy=policy, limits=Limits(file_size=99))
    assert (file.stat().st_size, large.limit) == (99, "file-size")
    many = run(["sh", "-c", "ulimit -n"], policy=policy, capture_output=True, limits=Limits(open_files=17))
    assert many.stdout == b"17\n"


def test_memory_is_limited(for_python: Policy) -> None:
    act = [sys.executable, "-c", "bytearray(1 << 30)"]
    assert run(act, policy=for_python).returncode == 0
    ended = run(act, policy=for_python, capture_output=True, limits=Limits(memory=256 << 20))
    assert ended.returncode == 1
    assert b"MemoryError" in ended.stderr


def test_a_limit_that_would_not_hold_is_refused(base: Policy) -> None:
    if os.geteuid() == 0:
        with pytest.raises(ringfence.StartError, match="root is not bound by RLIMIT_NPROC"):
            run(["true"], policy=base, limits=Limits(processes=9))
    else:
        assert run(["true"], policy=base, limits=Limits(processes=9999)).returncode == 0
    for wrong in (Limits(memory=-1), Limits(wall=-1)):
        with pytest.raises(ValueError, match=r"is no number|is no time"):
            run(["true"], policy=base, limits=wrong)
    with pytest.raises(TypeError, match="limits: expected Limits, not dict"):
        run(["true"], policy=base, limits={"wall": 1})  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="memory: expected an int, not str"):
        run(["true"], policy=base, limits=Limits(memory="1G"))  # type: ignore[arg-type]
    with pytest.raises(ringfence.StartError, match="no cgroup of version 2"):
        ringfence.Cgroups("/usr")


def test_check_raises_what_subprocess_raises(base: Policy) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run(["sh", "-c", "echo out; exit 3"], policy=base, check=True, capture_output=True)
    assert isinstance(failed.value, ringfence.CalledProcessError)
    assert (failed.value.returncode, failed.value.stdout, failed.value.limit) == (3, b"out\n", None)
    with pytest.raises(ringfence.CalledProcessError, match="by its limit: wall"):
        run(["sleep", "9"], policy=base, check=True, limits=Limits(wall=0.1))


def test_errors_survive_the_way_to_another_process() -> None:
    for error in (
        ringfence.StartError("sentence", 5),
        ringfence.ProgramNotFoundError("sentence", 2, "file"),
        ringfence.RefusedError("sentence", ["a"]),
        ringfence.CalledProcessError(3, ["x"], b"o", b"e", "wall"),
        ringfence.TimeoutExpired(["x"], 1.5, b"o", b"e"),
        ringfence.CrashedError("sentence", 11),
        ringfence.RemoteError("Name", "text", "traceback"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
        assert getattr(copy, "filename", None) == getattr(error, "filename", None)


def test_other_threads_go_on_while_one_waits(base: Policy) -> None:
    counted = 0
    running = threading.Event()
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        running.set()
        while not stop.is_set():
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    running.wait()
    before = counted
    run(["sleep", "0.3"], policy=base)
    after = counted
    stop.set()
    thread.join()
    assert after > before + 1000


def test_many_threads_run_jobs_at_once(base: Policy, tmp_path: Path) -> None:
    sandbox = base.prepare()
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            directory = tmp_path / str(number)
            directory.mkdir()
            own = sandbox.with_lines(rw=directory)
            for turn in range(10):
                ended = run(["sh", "-c", f"cat; exit {turn}"], policy=own, input=b"%d" % number, capture_output=True)
                assert (ended.returncode, ended.stdout) == (turn, b"%d" % number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_signal_interrupts_waiting(base: Policy, tmp_path: Path) -> None:
    import signal

    class Interrupted(Exception):
        pass

    def handler(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for capture in (False, True):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            begun = time.monotonic()
            with pytest.raises(Interrupted):
                run(["sleep", "30"], policy=base, capture_output=capture)
            assert time.monotonic() - begun < 20
    finally:
        signal.signal(signal.SIGALRM, before)


def test_nothing_stays_open(base: Policy) -> None:
    def opened() -> int:
        return len(os.listdir("/proc/self/fd"))

    gc.collect()
    before = opened()
    for _ in range(20):
        run(["cat"], policy=base, input=b"x", capture_output=True)
        with pytest.raises(FileNotFoundError):
            run(["/no/such"], policy=base, capture_output=True)
        with pytest.raises(ringfence.TimeoutExpired):
            run(["sleep", "9"], policy=base, capture_output=True, timeout=0)
    assert opened() == before


def test_a_job_that_takes_back_what_it_wrote_ends_in_time(for_python: Policy) -> None:
    # It stops in a moment at which there was something to read, and is nothing any more.
    script = """
import os, time
again = os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK)
for number in range(3000):
    os.write(1, b"x")
    for _ in range(number % 40):
        pass
    try:
        os.read(again, 1)
    except BlockingIOError:
        pass
time.sleep(3)
os.write(1, b"late")
"""
    limits = Limits(wall=0.4)
    for _ in range(12):
        ended = run([sys.executable, "-c", script], policy=for_python, limits=limits, stdout=ringfence.PIPE)
        assert ended.limit == "wall"
        assert b"late" not in ended.stdout
