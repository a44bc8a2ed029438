"""Whether the limits we warn by are those that their authority publishes now. Pure; says, never changes."""

from collections.abc import Iterable, Mapping

from collectors.source import Profile, Published
from floodcore.network.model import Station
from floodcore.words import Quantity


def differences(profiles: Iterable[Profile], linked: Mapping[str, Station], published: Published) -> list[str]:
    """A line for each limit (cm) that differs from the configured one; `linked` is stations by their address there.

    A limit that is not published, a station without limits of ours, and limits of another scheme differ in nothing.
    """
    return [
        line
        for profile in profiles
        if profile.address in linked
        for line in _of(profile, linked[profile.address], published)
    ]


def _of(profile: Profile, station: Station, published: Published) -> list[str]:
    ours = station.limits_of(Quantity.LEVEL)
    if ours is None or ours.scheme != published.scheme:
        return []
    return [
        f"{station.id}: limit {int(degree)} is {ours.values[degree]:g} cm here and {theirs:g} cm at {published.by}"
        for degree, theirs in sorted(profile.limits.items())
        if degree in ours.values and ours.values[degree] != theirs
    ]
