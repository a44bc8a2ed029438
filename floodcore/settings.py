"""Settings from the environment, read once at start and validated all together.

Nothing else in the house reads the environment. A fault names the variable and says what to do;
all faults are reported in one go, so that an operator mends them in one go.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from floodcore import clock, killpoint
from floodcore.clock import Clock

_PORT_LIMIT = 65535
_CLIENT = re.compile(r"[0-9A-Za-z_-]{0,64}")
# Beside ČHMÚ's hydrology, which has fields of its own. Each is asked only when HLADINA_<NAME>_URL names where.
SOURCES = (
    "chmu_rain",
    "chmu_cap",
    "hpps",
    "povodi_labe",
    "povodi_ohre",
    "saxony",
    "saxony_rss",
    "lhp",
    "imgw",
    "pegelonline",
    "hubeau",
    "ea",
)


class SettingsError(ValueError):
    """One or more settings are wrong; `faults` holds a line for each."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Twilio:
    """The SMS gateway. `base_url` is changed only to reach a fake; `auth_token` also signs callbacks."""

    account_sid: str
    auth_token: str
    sender: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the house is told from outside.

    `public_url` is how the world reaches the portal, without a trailing slash; it stands in CAP, in
    SMS and in the signature check of callbacks. `exercise` marks a house whose every input is
    invented: its messages carry the CAP status Exercise. `mqtt_client` is the name of our session at the broker
    where the one of the database must not be used. `chmu_url` empty means no polling; `source_urls` and
    `source_intervals_s` hold the other polled sources by name. `frame_ancestors` are the origins that
    may show our pages in a frame. `inner_sources` lets the names of sources lead to private addresses;
    `tts_storage_url` is the address of the application at The Things Stack, whose storage is the way back of
    its uplinks. `drop` is the folder of files that are put there for us. `sms_loggers` are the telephone numbers of
    loggers by station; `patrol_phones` and `patrol_keys` those and the keys of the people of the flood patrols by
    their name.
    """

    database_url: str
    stations: Path
    mqtt_url: str = ""
    mqtt_client: str = ""
    public_url: str = "http://localhost:8080"
    host: str = "127.0.0.1"
    port: int = 8080
    twilio: Twilio | None = None
    chmu_url: str = ""
    chmu_interval_s: float = 60.0
    source_urls: Mapping[str, str] = field(default_factory=dict)
    source_intervals_s: Mapping[str, float] = field(default_factory=dict)
    tile_url: str = ""
    tile_attribution: str = ""
    frame_ancestors: str = "'none'"
    exercise: bool = False
    ingest_keys: Mapping[str, str] | None = None
    drop: Path | None = None
    sms_loggers: Mapping[str, str] = field(default_factory=dict)
    patrol_phones: Mapping[str, str] = field(default_factory=dict)
    patrol_keys: Mapping[str, str] = field(default_factory=dict)
    inner_sources: bool = False
    tts_storage_url: str = ""
    tts_storage_key: str = ""
    clock: Clock = field(default_factory=Clock)

    def base_url(self, source: str) -> str:
        """Where the polled `source` is asked, without a trailing slash; empty when it is not asked."""
        return self.chmu_url if source == "chmu" else self.source_urls.get(source, "")

    def interval_s(self, source: str, default: float) -> float:
        """Seconds of data time between two rounds of the polled `source`."""
        return self.chmu_interval_s if source == "chmu" else self.source_intervals_s.get(source, default)


def read(environment: Mapping[str, str]) -> Settings:
    """Build the settings from `environment`.

    Raises:
        SettingsError: with every fault found, not just the first.
    """
    reader = _Reader(environment)
    settings = Settings(
        database_url=reader.url("HLADINA_DATABASE_URL", "", ("postgresql", "postgres")),
        stations=reader.folder("HLADINA_STATIONS", "station_configs"),
        mqtt_url=reader.url("HLADINA_MQTT_URL", "", ("mqtt", "mqtts")),
        mqtt_client=reader.mqtt_client("HLADINA_MQTT_CLIENT"),
        public_url=reader.url("HLADINA_PUBLIC_URL", "http://localhost:8080", ("http", "https")).rstrip("/"),
        host=reader.text("HLADINA_HOST", "127.0.0.1"),
        port=reader.port("HLADINA_PORT", 8080),
        twilio=reader.twilio(),
        chmu_url=reader.url("HLADINA_CHMU_URL", "", ("http", "https")).rstrip("/"),
        chmu_interval_s=reader.positive("HLADINA_CHMU_INTERVAL_S", 60.0),
        source_urls=reader.source_urls(),
        source_intervals_s=reader.source_intervals(),
        tile_url=reader.text("HLADINA_TILE_URL", ""),
        tile_attribution=reader.text("HLADINA_TILE_ATTRIBUTION", ""),
        frame_ancestors=reader.origins("HLADINA_FRAME_ANCESTORS"),
        exercise=reader.flag("HLADINA_EXERCISE"),
        ingest_keys=reader.pairs("HLADINA_INGEST_KEYS"),
        drop=reader.optional_folder("HLADINA_DROP"),
        sms_loggers=reader.pairs("HLADINA_SMS_LOGGERS", "station=number") or {},
        patrol_phones=reader.pairs("HLADINA_PATROL_PHONES", "person=number") or {},
        patrol_keys=reader.pairs("HLADINA_PATROL_KEYS", "person=key") or {},
        inner_sources=reader.flag("HLADINA_INNER_SOURCES"),
        tts_storage_url=reader.url("HLADINA_TTS_STORAGE_URL", "", ("https", "http")).rstrip("/"),
        tts_storage_key=reader.text("HLADINA_TTS_STORAGE_KEY", ""),
        clock=reader.clock("HLADINA_CLOCK"),
    )
    reader.kill_point("HLADINA_KILL_AT")
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not parts.path and ";" not in parts.netloc


class _Reader:
    """Reads single variables and collects the faults."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._environment.get(name, "").strip() or default

    def flag(self, name: str) -> bool:
        text = self.text(name, "0").lower()
        if text not in {"0", "1", "true", "false", "yes", "no"}:
            self.faults.append(f"{name}: {text!r} is neither 1 nor 0")
        return text in {"1", "true", "yes"}

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            usable = parts.scheme in schemes and (parts.hostname or parts.scheme.startswith("postgres"))
            parts.port  # noqa: B018  # raises on a port that is no number
            if parts.scheme.startswith("postgres"):
                conninfo_to_dict(text)
        except (ValueError, ProgrammingError):
            usable = None
        if not usable:
            self.faults.append(f"{name}: not an address of the form {schemes[0]}://host[:port]/…")
        return text

    def mqtt_client(self, name: str) -> str:
        text = self.text(name, "")
        if not _CLIENT.fullmatch(text):
            self.faults.append(f"{name}: {text!r} is no name of at most 64 letters, digits, hyphens and underlines")
        return text

    def port(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not text.isdecimal() or not 0 < int(text) <= _PORT_LIMIT:
            self.faults.append(f"{name}: {text!r} is not a port between 1 and {_PORT_LIMIT}")
            return default
        return int(text)

    def positive(self, name: str, default: float) -> float:
        text = self.text(name, str(default))
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0.0 < value < float("inf"):
            self.faults.append(f"{name}: {text!r} is not a positive number of seconds")
            return default
        return value

    def source_urls(self) -> dict[str, str]:
        """The addresses of the polled sources that are asked, by name."""
        found = {name: self.url(f"HLADINA_{name.upper()}_URL", "", ("https", "http")).rstrip("/") for name in SOURCES}
        return {name: url for name, url in found.items() if url}

    def source_intervals(self) -> dict[str, float]:
        """The intervals that are set, by name of the source; each source has one of its own otherwise."""
        names = {name: f"HLADINA_{name.upper()}_INTERVAL_S" for name in SOURCES}
        return {name: self.positive(variable, 1.0) for name, variable in names.items() if self.text(variable, "")}

    def folder(self, name: str, default: str) -> Path:
        path = Path(self.text(name, default))
        if not path.is_dir():
            self.faults.append(f"{name}: the folder {path} does not exist; make it, or name another")
        return path

    def optional_folder(self, name: str) -> Path | None:
        return self.folder(name, "") if self.text(name, "") else None

    def origins(self, name: str) -> str:
        """Origins that may frame our pages, separated by spaces; nobody when unset."""
        origins = self.text(name, "").split()
        if not all(_is_origin(origin) for origin in origins):
            self.faults.append(f"{name}: not a list of origins of the form https://host, separated by spaces")
            return "'none'"
        return " ".join(origins) or "'none'"

    def pairs(self, name: str, form: str = "station=key") -> dict[str, str] | None:
        """`station=key,station=key`; None when unset."""
        text = self.text(name, "")
        if not text:
            return None
        pairs = [part.partition("=") for part in text.split(",")]
        if not all(station.strip() and key.strip() for station, _, key in pairs):
            self.faults.append(f"{name}: not of the form {form},{form}")
        return {station.strip(): key.strip() for station, _, key in pairs}

    def twilio(self) -> Twilio | None:
        names = ("HLADINA_TWILIO_ACCOUNT_SID", "HLADINA_TWILIO_AUTH_TOKEN", "HLADINA_TWILIO_SENDER")
        values = [self.text(name, "") for name in names]
        if not any(values):
            return None
        missing = [name for name, value in zip(names, values, strict=True) if not value]
        self.faults += [f"{name}: missing, though another Twilio setting is given; set all three" for name in missing]
        base = self.url("HLADINA_TWILIO_BASE_URL", "https://api.twilio.com", ("https", "http"))
        sid, token, sender = values
        return Twilio(sid, token, sender, base.rstrip("/"))

    def clock(self, name: str) -> Clock:
        try:
            return clock.parse(self.text(name, ""))
        except ValueError as error:
            self.faults.append(str(error))
            return Clock()

    def kill_point(self, name: str) -> None:
        try:
            killpoint.arm(self.text(name, ""))
        except ValueError as error:
            self.faults.append(str(error))
