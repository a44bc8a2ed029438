"""The world as a fixture."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from floodcore.store.connect import Pool
from floodcore.texts import Texts
from tests.catalogue.world import World, world


@pytest.fixture
def worlds(pool: Pool, database: str, texts: Texts) -> Callable[..., AbstractAsyncContextManager[World]]:
    """Makes the world of one test on a fresh database."""
    return partial(world, pool, database, texts)
