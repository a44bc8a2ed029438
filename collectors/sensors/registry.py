"""All sensors: whatever module of this package has a `SENSOR`. A new one is one file here and one fixture."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from collectors import sensors
from collectors.sensors.sensor import Sensor


@cache
def registry() -> Mapping[str, Sensor]:
    """The sensors by the name that station files give them."""
    modules = [import_module(f"{sensors.__name__}.{found.name}") for found in iter_modules(sensors.__path__)]
    known = [module.SENSOR for module in modules if hasattr(module, "SENSOR")]
    return {sensor.name: sensor for sensor in sorted(known, key=lambda sensor: sensor.name)}


def offsets() -> Mapping[str, str]:
    """The offset that each sensor needs, for the check of the station files."""
    return {name: sensor.offset for name, sensor in registry().items()}
