"""`python -m hladina.leash PROGRAM ARGUMENT…`: runs a program that ends when we do, however we die.

The parent keeps our standard input open and never writes. When it ends, even by kill -9, the system
closes the pipe and the program is stopped; so a killed demo leaves no broker behind.
"""

import subprocess
import sys
import threading
from collections.abc import Sequence

_GRACE_S = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns its exit code."""
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL) as program:  # noqa: S603  # given by our own parent
        threading.Thread(target=_stop_at_end_of_input, args=(program,), daemon=True).start()
        return program.wait()


def _stop_at_end_of_input(program: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    program.terminate()
    try:
        program.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
