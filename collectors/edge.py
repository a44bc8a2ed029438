"""Log edges, not levels: one line when a source breaks, one when it recovers."""

import logging
from dataclasses import dataclass

_log = logging.getLogger("hladina.collectors")


@dataclass(slots=True)
class Edge:
    """Whether one source works, as last logged."""

    source: str
    failures: int = 0

    def broke(self, fault: str) -> None:
        """A try failed; said once until it works again."""
        self.failures += 1
        if self.failures == 1:
            _log.error("source %s broke: %s; trying again", self.source, fault)

    def worked(self) -> None:
        """A try succeeded; said only after a failure."""
        if self.failures:
            _log.warning("source %s works again after %d failed tries", self.source, self.failures)
        self.failures = 0
