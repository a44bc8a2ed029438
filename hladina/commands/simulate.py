"""`hladina simulate …`: simulated gauges for a house that runs elsewhere; see `python -m simulators --help`."""

from collections.abc import Sequence

from simulators import __main__ as simulators


def main(argv: Sequence[str]) -> int:
    """Run the simulators until stopped."""
    return simulators.main(argv, "hladina simulate")
