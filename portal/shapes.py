"""The look of a mark: shape, number and colour class by degree; hatch, dash and badge by freshness. Pure.

One table serves the legend, the lists and the browser, so that they cannot drift apart. Degrees are
told by shape and number first; the colours run from steel blue to black ("the darker, the deeper") and
stay clear of the greens, yellows, oranges, reds and violets that mean other things on Saxon and
Czech state maps. A limit of rain is a drop. Saxon and Polish scales have a shape and a letter of their own: their
stage n is not SPA n.
"""

from floodcore.words import Freshness

# Paths in a box from -16 to 16. A degree higher is a shape with more reach.
PATHS: dict[str, str] = {
    "0": "M-7,0a7,7 0 1,0 14,0a7,7 0 1,0 -14,0Z",
    "1": "M-10,-10h20v20h-20Z",
    "2": "M0,-14L14,0L0,14L-14,0Z",
    "3": "M0,-16.5L17,13L-17,13Z",
    "4": "M-6,-14.5h12l8.5,8.5v12l-8.5,8.5h-12l-8.5,-8.5v-12Z",
    "foreign": "M-7,-12h14l7,12l-7,12h-14l-7,-12Z",
    "rain": "M0,-16.5C5,-9 11,-3.5 11,3.5a11,11 0 1,1 -22,0C-11,-3.5 -5,-9 0,-16.5Z",
    "none": "M-8,0a8,8 0 1,0 16,0a8,8 0 1,0 -16,0Z",
}
LETTERS = {"alarmstufe": "A", "imgw": "P", "rain": ""}
BADGES = {
    Freshness.LATE: "\N{HORIZONTAL ELLIPSIS}",
    Freshness.SILENT: "!",
    Freshness.DOUBTFUL: "?",
}


def shape(degree: int | None, scheme: str) -> str:
    """The key of PATHS for a degree of a scheme; None = no degree is known."""
    if degree is None:
        return "none"
    if degree and scheme != "spa":
        return "rain" if scheme == "rain" else "foreign"
    return str(degree)


def sign(degree: int | None, scheme: str) -> str:
    """What stands inside the shape: the number, with a letter for scales that are not the Czech one."""
    if degree is None:
        return "–"
    if degree == 0:
        return ""
    return f"{LETTERS.get(scheme, '')}{degree}"


def badge(freshness: Freshness) -> str:
    """The small sign at the shoulder of a mark that is not fresh."""
    return BADGES.get(freshness, "")


def ahead(degree: int, *, current: bool) -> str:
    """The small hollow mark of an expected degree at the shoulder of another; a question mark if it is in doubt.

    Hollow and dashed is a forecast, filled is a measurement: told by shape, not by colour.
    """
    kind, doubt = shape(degree, "spa"), "" if current else " doubted"
    drop = 4.5 if kind == "3" else 0
    sign_ = degree if current else "?"
    return (
        f'<g class="ahead{doubt}" transform="translate(-12 -12) scale(.66)"><path class="aheadbody" d="{PATHS[kind]}"/>'
        f'<text y="{drop}" dy=".36em">{sign_}</text></g>'
    )


def hollow(degree: int) -> str:
    """An expected degree by itself, for the list of events."""
    kind = shape(degree, "spa")
    drop = 4.5 if kind == "3" else 0
    return (
        '<svg class="mark" viewBox="-18 -18 36 36" aria-hidden="true" focusable="false"><g class="ahead">'
        f'<path class="aheadbody" d="{PATHS[kind]}"/><text y="{drop}" dy=".36em">{degree or ""}</text></g></svg>'
    )


def svg(
    degree: int | None,
    freshness: Freshness,
    scheme: str = "spa",
    expected: int | None = None,
    *,
    current: bool = True,
    unproved: bool = False,
) -> str:
    """The mark as inline SVG for lists and legends; the words beside it say the same, so it is hidden from readers.

    `expected` is the degree the forecast expects, if it expects one; `current` says whether it still bears it out.
    `unproved`: the degree is not verified.
    """
    kind = shape(degree, scheme)
    level = "x" if degree is None else str(degree)
    corner = badge(freshness)
    look = f"{freshness.value}{' unproved' if unproved else ''}"
    parts = [
        f'<svg class="mark d{level} {look}" viewBox="-18 -18 36 36" aria-hidden="true" focusable="false">',
        f'<path class="body" d="{PATHS[kind]}"/>',
    ]
    if freshness is Freshness.SILENT:
        parts.append(f'<path class="hatch" d="{PATHS[kind]}" fill="url(#hatch)"/>')
    text = sign(degree, scheme)
    if text:
        drop = 4.5 if kind == "3" else 0
        parts.append(f'<text y="{drop}" dy=".36em">{text}</text>')
    if corner:
        parts.append('<circle class="badge" cx="11" cy="-11" r="6.5"/>')
        parts.append(f'<text class="badgetext" x="11" y="-11" dy=".36em">{corner}</text>')
    if expected is not None and expected > 0:
        parts.append(ahead(expected, current=current))
    parts.append("</svg>")
    return "".join(parts)
