"""`python -m hladina.guard PIDFILE`: stops a PostgreSQL that its starter can no longer stop.

pg_ctl detaches the server, so a killed demo would leave it running. The guard waits for the end of
its standard input, which the system closes however the starter dies, and then asks the server that
the file names, if there still is one, for a fast shutdown.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Wait, then stop the server if it is still there."""
    pid_file = Path(arguments[0])
    sys.stdin.buffer.read()
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
        if _is_postgres(pid):
            os.kill(pid, signal.SIGINT)  # fast shutdown
    return 0


def _is_postgres(pid: int) -> bool:
    """Not some other program that has got the number since; unknowable without /proc."""
    process = Path(f"/proc/{pid}/cmdline")
    return not Path("/proc/self").exists() or b"postgres" in process.read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
