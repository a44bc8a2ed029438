"""Every source there is, by name. A new one is its module, its fixture, and a line here.

`scripts/source_table.py` makes docs/sources/README.md of this; a test holds that no cell of that table is empty.
"""

from types import MappingProxyType

from collectors import (
    chirpstack,
    chmu,
    chmu_cap,
    chmu_rain,
    contract,
    ea,
    exports,
    fiedler,
    hardwario,
    hpps,
    hubeau,
    imgw,
    lhp,
    loggertexts,
    patrols,
    pegelonline,
    povodi,
    saxony,
    saxony_rss,
    sensorthings,
    tts,
)
from collectors.source import Polled, Source

# Asked by `collectors.polling`, one stage each.
POLLED: tuple[Polled, ...] = (
    chmu.POLLED,
    chmu_rain.POLLED,
    chmu_cap.POLLED,
    hpps.POLLED,
    povodi.LABE,
    povodi.OHRE,
    saxony.POLLED,
    saxony_rss.POLLED,
    lhp.POLLED,
    imgw.POLLED,
    pegelonline.POLLED,
    hubeau.POLLED,
    ea.POLLED,
)

# Pushed, by radio, files, texts: each module ends in its own `SOURCE`.
# Each is imported above and stands here in one line; `probe` is tried with hostile bytes by the tests.
TAKEN: tuple[Source, ...] = (
    contract.SOURCE,
    tts.SOURCE,
    chirpstack.SOURCE,
    hardwario.SOURCE,
    sensorthings.SOURCE,
    fiedler.SOURCE,
    exports.SOURCE,
    loggertexts.SOURCE,
    patrols.SOURCE,
)

CATALOGUE = MappingProxyType({source.name: source for source in (*(each.source for each in POLLED), *TAKEN)})
