"""What can be wrong with a source. Three values stay apart: no data, not asked, failed."""


class DecodeError(ValueError):
    """The bytes are no usable message of this source; the text says why, for the quarantine."""


class EmptyAnswerError(DecodeError):
    """The source answered, and with nothing: neither a failure of the way nor the word "nothing to tell"."""


class FetchError(OSError):
    """The source did not give a usable answer; the text names the address and what happened."""
