"""Runs one command and ends everything it started; a program of its own, started by `local.py`.

It is the parent that orphans fall back to, so a command that leaves a daemon behind leaves it to this
process; and it holds one end of a pipe whose other end the harness holds, so a harness that is killed takes
the command with it. Standard library only: it starts in hundredths of a second.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_KILL_FOR_S = 10.0


def main(order_text: str) -> int:
    """Run the command of an order; report on the status pipe as lines of JSON.

    Args:
        order_text: JSON with `words`, `cwd`, `status_fd`, `cores`, `fsize_bytes`.
    """
    order = json.loads(order_text)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.set_inheritable(order["status_fd"], False)
    status = os.fdopen(order["status_fd"], "w", encoding="utf-8")
    failed, report_failure = os.pipe2(os.O_CLOEXEC)
    started_s, started = time.time(), time.monotonic()
    child = os.fork()
    if child == 0:
        _become(order, libc, report_failure)
    os.close(report_failure)
    _say(status, {"pid": child, "started_s": started_s})
    result = _wait(child)
    runtime_s = time.monotonic() - started
    error = os.read(failed, 4096).decode(errors="replace")
    n_left = _end_descendants()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = {"status": result, "runtime_s": runtime_s, "cpu_s": used.ru_utime + used.ru_stime}
    _say(status, report | {"n_left": n_left, "error": error})
    return 0


def _say(status, record: dict) -> None:  # type: ignore[no-untyped-def, type-arg] # noqa: ANN001
    # The harness may be gone; there is nobody to tell then.
    with suppress(BrokenPipeError):
        status.write(json.dumps(record) + "\n")
        status.flush()


def _become(order: dict, libc: ctypes.CDLL, report_failure: int) -> None:  # type: ignore[type-arg]
    try:
        libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        limit = order["fsize_bytes"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if order["cores"]:
            os.sched_setaffinity(0, order["cores"])
        os.chdir(order["cwd"])
        os.execvp(order["words"][0], order["words"])  # noqa: S606 # the submission, without a shell
    except OSError as error:
        os.write(report_failure, f"{error.filename or order['words'][0]}: {error.strerror}".encode())
    os._exit(127)


def _wait(child: int) -> int:
    """Return the child's wait status; a `t` from the harness asks it to end, the end of the pipe kills it."""
    poll = select.poll()
    ended = os.pidfd_open(child)
    poll.register(ended, select.POLLIN)
    poll.register(0, select.POLLIN | select.POLLHUP)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(1000)}
        if 0 in ready:
            if os.read(0, 1) == b"t":
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGTERM)
            else:
                poll.unregister(0)
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        if ended in ready:
            return os.waitpid(child, 0)[1]
        _reap(child)


def _reap(child: int) -> None:
    """Bury adopted processes that have ended, all but the one that is waited for."""
    for pid in _find_children(os.getpid()):
        if pid != child:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _find_children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _end_descendants() -> int:
    """Kill until nothing is left, stopping everything first so that nothing is born meanwhile."""
    seen: set[int] = set()
    until = time.monotonic() + _KILL_FOR_S
    while time.monotonic() < until:
        alive: list[int] = []
        waiting = _find_children(os.getpid())
        while waiting:
            pid = waiting.pop()
            alive.append(pid)
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGSTOP)
            waiting += _find_children(pid)
        for pid in alive:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        seen.update(alive)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            continue
        break
    return len(seen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
