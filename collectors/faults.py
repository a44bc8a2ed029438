"""What can be wrong with a source. Three values stay apart: no data, not asked, failed."""


class DecodeError(ValueError):
    """The bytes are no usable message of this source; the text says why, for the quarantine."""


class FetchError(OSError):
    """The source did not give a usable answer; the text names the address and what happened."""
