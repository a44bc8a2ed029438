"""Decentlab DL-LID laser distance sensor. Pure.

Eleven words, mm: average, minimum, maximum, median, 10th, 25th, 75th and 90th percentile, most frequent
value; then number of samples, acquisition time. The median is the distance; a wide spread is foam, rain
or a branch in the beam, and then there is none.
"""

from collectors.faults import DecodeError
from collectors.samples import Distance, Measured
from collectors.sensors.decentlab_frame import measured
from collectors.sensors.sensor import ZERO, Sensor, battery

_WORDS = 11
_FARTHEST_MM = 40_000  # reach of the laser (general knowledge, confirm)
# The quarters of the samples nearest to the median lie within this, or what is seen is not one surface. The
# published vector has 14 mm.
_CALM_MM = 300


def decode(payload: bytes, _port: int) -> tuple[Measured, ...]:
    """Median distance and battery.

    Raises:
        DecodeError: as `decentlab_frame.measured`, nothing was measured, or the samples disagree.
    """
    frame = measured(payload, _WORDS, "distance")
    middle, quarter, three_quarters, samples = frame.words[3], frame.words[5], frame.words[6], frame.words[9]
    if samples == 0 or not 0 < middle <= _FARTHEST_MM:
        message = f"no distance: median {middle} mm of {samples} samples"
        raise DecodeError(message)
    if not quarter <= middle <= three_quarters or three_quarters - quarter > _CALM_MM:
        message = f"the samples disagree: quarters at {quarter} and {three_quarters} mm"
        raise DecodeError(message)
    found = Measured(Distance(middle))
    return (found, *(() if frame.battery_mv is None else (battery(frame.battery_mv),)))


SENSOR = Sensor(
    "decentlab_lid",
    ZERO,
    decode,
    vectors=(("0211c90003119b117611bc119e118a119411a811a81194006401990abd", 1),),
)
