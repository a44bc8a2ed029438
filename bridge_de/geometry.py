"""Whether the areas of a CAP message are well formed and lie in our corner of Europe (pure)."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

Point = tuple[float, float]

# Around the basins of Neisse, Jizera and Ploučnice. A swapped pair (15, 50) falls far outside.
_LATITUDES = (49.0, 53.0)
_LONGITUDES = (12.0, 17.5)
# Codes of Czech areas only: what is claimed is ours to claim.
_CODES = {"CISORP": re.compile(r"\d{4}"), "EMMA_ID": re.compile(r"CZ0\d{4}")}
_PAIR = re.compile(r"-?\d+(\.\d+)?,-?\d+(\.\d+)?")
_RADIUS = re.compile(r"\d+(\.\d+)?")
_FEWEST_POINTS = 4


def area_faults(
    polygons: Sequence[str], circles: Sequence[str], geocodes: Sequence[tuple[str, str]], ceilings: Sequence[str]
) -> Iterator[str]:
    """Faults of one area, given the texts of its elements."""
    for text in polygons:
        yield from _polygon(text)
    for text in circles:
        yield from _circle(text)
    for name, value in geocodes:
        if name not in _CODES or not _CODES[name].fullmatch(value):
            yield f"geocode {name}={value} is not a code of a Czech area"
    if ceilings:
        yield "an area on the ground has no ceiling"


def _polygon(text: str) -> Iterator[str]:
    points = [_point(pair) for pair in text.split()]
    known = [point for point in points if point is not None]
    if len(known) != len(points) or len(known) < _FEWEST_POINTS:
        yield "polygon is not at least 4 pairs lat,lon"
        return
    if known[0] != known[-1]:
        yield "polygon is not closed"
    if not all(map(_near, known)):
        yield "polygon lies outside our corner of Europe; are latitude and longitude swapped?"
    if _crosses_itself(known):
        yield "polygon crosses itself"


def _circle(text: str) -> Iterator[str]:
    centre, _, radius = text.partition(" ")
    point = _point(centre)
    if point is None or not _RADIUS.fullmatch(radius) or float(radius) <= 0:
        yield "circle is not lat,lon radius"
    elif not _near(point):
        yield "circle lies outside our corner of Europe; are latitude and longitude swapped?"


def _point(text: str) -> Point | None:
    if not _PAIR.fullmatch(text):
        return None
    lat, lon = text.split(",")
    return float(lat), float(lon)


def _near(point: Point) -> bool:
    return _LATITUDES[0] <= point[0] <= _LATITUDES[1] and _LONGITUDES[0] <= point[1] <= _LONGITUDES[1]


def _crosses_itself(points: Sequence[Point]) -> bool:
    """Whether two edges that are not neighbours properly cross."""
    edges = list(pairwise(points))
    last = len(edges) - 1
    return any(
        _cross(*edges[i], *edges[j])
        for i, j in combinations(range(len(edges)), 2)
        if j - i > 1 and not (i == 0 and j == last)
    )


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
