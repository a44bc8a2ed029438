"""What every room is handed at start: settings, database, network, texts, clock, pulses."""

from dataclasses import dataclass, field

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from floodcore.clock import Clock
from floodcore.network.model import Network
from floodcore.settings import Settings
from floodcore.supervision import Supervisor
from floodcore.texts import Texts

Pool = AsyncConnectionPool[AsyncConnection]


@dataclass(frozen=True, slots=True)
class House:
    """The composition, made once by the roof. A room takes from it; nobody changes it."""

    settings: Settings
    pool: Pool
    network: Network
    texts: Texts
    supervisor: Supervisor = field(compare=False)

    @property
    def clock(self) -> Clock:
        """The clock of the data."""
        return self.settings.clock
