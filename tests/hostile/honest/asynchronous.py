# tries: waits in an event loop
# allowed: passed
# never: an event loop, which needs sockets, cannot run

import asyncio


async def square(n):
    await asyncio.sleep(0.001)
    return n * n


def f(n):
    return asyncio.run(square(n))
