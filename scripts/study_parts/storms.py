"""What is held out together: a river system, or a storm over all rivers it fell on."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from scripts.study_parts.gauges import Gauge

Array = NDArray[np.float64]
Strings = NDArray[np.str_]

_STORMS_PART = {
    "occitanie_spring2020": datetime(2020, 5, 1, tzinfo=UTC).timestamp(),
    "aire2015": datetime(2015, 12, 20, tzinfo=UTC).timestamp(),
}


def river(gauge: Gauge, at: Array) -> Strings:
    """A river system."""
    return np.full(at.size, gauge.fold)


def event(gauge: Gauge, at: Array) -> Strings:
    """A storm, or half of a winter."""
    later = at >= _STORMS_PART.get(gauge.group, np.inf)
    return np.where(later, f"{gauge.group} later", f"{gauge.group} earlier")


def storm(gauge: Gauge, at: Array) -> Strings:
    """A storm on one river: what networks are drawn from again and again."""
    return np.char.add(np.char.add(river(gauge, at), "/"), event(gauge, at))


def names(labels: Strings) -> list[str]:
    """The labels there are, in order of the alphabet; much faster than sorting, since they come in runs."""
    first = np.ones(labels.size, dtype=np.bool_)
    first[1:] = labels[1:] != labels[:-1]
    return sorted(set(labels[first].tolist()))
