"""Which language a reader gets. Pure."""

from floodcore.words import Language

# The country's own language: the region's people are most of the readers.
DEFAULT = Language.CS
_ALIASES = {"sk": Language.CS, "hsb": Language.DE}  # Slovak readers read Czech, Sorbs read German


def negotiate(accept: str) -> Language:
    """The best of our languages for an Accept-Language header; Czech when none fits or the header is nonsense."""
    wishes: list[tuple[float, int, Language]] = []
    for order, part in enumerate(accept[:1000].split(",")):
        tag, _, parameter = part.strip().partition(";")
        language = _language(tag.strip().lower().partition("-")[0])
        quality = _quality(parameter)
        if language is not None and quality > 0:
            wishes.append((-quality, order, language))
    return min(wishes, default=(0.0, 0, DEFAULT))[2]


def _language(tag: str) -> Language | None:
    if tag in _ALIASES:
        return _ALIASES[tag]
    return Language(tag) if tag in set(Language) else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
