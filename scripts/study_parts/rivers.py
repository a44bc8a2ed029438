"""The gauges of each river in the order the water passes them, read off their coordinates.

The catchment areas of the table are not complete, and that of Réals on the Orb (HE_Y2574040) puts it above two gauges
it lies below.
"""

from itertools import pairwise

_OCCITANIE = (
    ("O1432910", "O1442910", "O1532910", "O1532920", "O1652930", "O1662910"),
    ("Y0204010", "Y0234010", "Y0244010", "Y0244040", "Y0264010", "Y0274010", "Y0284060"),
    ("Y0624020", "Y0634030", "Y0664040", "Y0674060"),
    ("Y1012020", "Y1112010", "Y1122030", "Y1141151", "Y1152010", "Y1232010", "Y1422030", "Y1422020", "Y1422010"),
    ("Y1422010", "Y1452010", "Y1452020", "Y1612020", "Y1612030", "Y1612050"),
    ("Y1524010", "Y1524020", "Y1564010", "Y1584020", "Y1452020"),
    ("Y2500030", "Y2510020", "Y2510030", "Y2550010", "Y2570010", "Y2574040", "Y2570020", "Y2580010", "Y2580020"),
)
_OTHERS = (
    ("US_402114105350101", "US_06741510"),
    ("EA25_Todmorden_Callis_Bridge", "EA25_Calder_3", "EA25_Calder_4"),
    ("EA25_Hebden_Bridge", "EA25_Calder_4"),
)


def above() -> dict[str, tuple[str, ...]]:
    """The gauges next above each gauge."""
    found: dict[str, tuple[str, ...]] = {}
    for chain in (*(tuple(f"HE_{name}_2020b" for name in chain) for chain in _OCCITANIE), *_OTHERS):
        for upper, lower in pairwise(chain):
            found[lower] = (*found.get(lower, ()), upper)
    return found
