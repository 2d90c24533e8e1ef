"""The hub of a web process ends with its event loop, in whatever moment that comes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from portal.hub import Hub

MOMENTS = 200


async def one_life(seconds):
    Hub.running()
    await asyncio.sleep(seconds)


def test_it_ends_whenever_it_is_stopped(database):
    """A wait that swallows the stop goes on for ever; it met that moment once in hundreds."""
    with ThreadPoolExecutor(1) as pool:
        for moment in range(MOMENTS):
            # Spread over the first 30 ms: before, while and after it subscribes to the layer.
            pool.submit(asyncio.run, one_life(0.03 * moment / MOMENTS)).result(20)
