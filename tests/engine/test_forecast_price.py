"""The study's fast decision is the engine's."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hladina.foresight import decisions
from scripts.study_parts import price

MOMENT = st.tuples(st.floats(0.0, 1.0), st.booleans(), st.booleans(), st.sampled_from((10.0, 15.0, 60.0)))


@settings(max_examples=200)
@given(st.lists(MOMENT, min_size=1, max_size=60), st.sampled_from(price.BEGINS))
def test_a_warning_stands_in_the_study_where_it_stands_in_the_house(
    moments: list[tuple[float, bool, bool, float]], begin: float
) -> None:
    sight = np.array([one[0] for one in moments])
    still, rising = (np.array([one[place] for one in moments]) for place in (1, 2))
    now = np.cumsum([one[3] for one in moments])
    warned = decisions(60.0 * now, np.tile(sight[:, None, None], (1, 1, 4)), still[:, None], rising, (begin,) * 4)
    for column, horizon in enumerate((30, 60, 120, 180)):
        found = price.stood(sight, now, still, rising, begin, horizon)
        assert found == np.flatnonzero(warned[:, 0, column]).tolist()
