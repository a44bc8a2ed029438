"""Which simulator speaks for which source, for the table of sources (`scripts/source_table.py`)."""

from collections.abc import Mapping
from types import MappingProxyType

from simulators.open_data import SHAPES

SERVED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(SHAPES, "simulators/open_data.py"),
        "chmu": "simulators/chmu_server.py",
        "push": "simulators/pushers.py",
        "tts": "simulators/tts_devices.py",
        "chirpstack": "simulators/networks.py",
        "hardwario": "simulators/networks.py",
        "sensorthings": "simulators/networks.py",
        "fiedler": "simulators/couriers.py",
        "export": "simulators/couriers.py",
        "sms": "simulators/couriers.py",
        "patrol": "simulators/couriers.py",
    }
)
