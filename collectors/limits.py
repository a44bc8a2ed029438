"""Whether the limits we warn by are those that ČHMÚ publishes now. Pure; says, never changes."""

from collections.abc import Iterable, Mapping

from collectors.chmu import Profile
from floodcore.network.model import Station
from floodcore.words import Quantity


def differences(profiles: Iterable[Profile], linked: Mapping[str, Station]) -> list[str]:
    """A line for each limit (cm) that differs from the configured one; `linked` is stations by objID.

    A limit that ČHMÚ does not give, or a station without limits of ours, differs in nothing.
    """
    return [line for profile in profiles if profile.obj_id in linked for line in _of(profile, linked[profile.obj_id])]


def _of(profile: Profile, station: Station) -> list[str]:
    ours = station.limits_of(Quantity.LEVEL)
    if ours is None:
        return []
    return [
        f"{station.id}: limit {int(degree)} is {ours.values[degree]:g} cm here and {theirs:g} cm at ČHMÚ"
        for degree, theirs in sorted(profile.limits.items())
        if degree in ours.values and ours.values[degree] != theirs
    ]
