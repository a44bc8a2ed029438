"""Whether the limits we warn by are those that their authority publishes now. Pure; says, never changes."""

from collections.abc import Iterable, Mapping

from collectors.source import Profile
from floodcore.network.model import Station
from floodcore.words import Quantity


def differences(profiles: Iterable[Profile], linked: Mapping[str, Station], by: str) -> list[str]:
    """A line for each limit (cm) that differs from the configured one; `linked` is stations by their address `by` them.

    A limit that is not published, or a station without limits of ours, differs in nothing.
    """
    return [
        line for profile in profiles if profile.address in linked for line in _of(profile, linked[profile.address], by)
    ]


def _of(profile: Profile, station: Station, by: str) -> list[str]:
    ours = station.limits_of(Quantity.LEVEL)
    if ours is None:
        return []
    return [
        f"{station.id}: limit {int(degree)} is {ours.values[degree]:g} cm here and {theirs:g} cm at {by}"
        for degree, theirs in sorted(profile.limits.items())
        if degree in ours.values and ours.values[degree] != theirs
    ]
