#!/usr/bin/env python3
"""slow-way: passes TCP connections on, each byte as much later as a long line would take.

  slow-way.py MILLISECONDS FROM:PORT TO:PORT…   pairs of addresses; one way takes MILLISECONDS
"""

import asyncio
import sys


async def carry(reader, writer, delay):
    loop = asyncio.get_running_loop()
    waiting = asyncio.Queue(maxsize=1024)

    async def take():
        try:
            while data := await reader.read(65536):
                await waiting.put((loop.time() + delay, data))
        except OSError:
            pass
        await waiting.put((loop.time() + delay, None))

    taker = asyncio.ensure_future(take())
    try:
        while True:
            when, data = await waiting.get()
            await asyncio.sleep(max(0, when - loop.time()))
            if data is None:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()
    finally:
        taker.cancel()


def passing_on(host, port, delay):
    async def connected(reader, writer):
        await asyncio.sleep(2 * delay)
        far_reader, far_writer = await asyncio.open_connection(host, port)
        try:
            await asyncio.gather(carry(reader, far_writer, delay), carry(far_reader, writer, delay))
        except OSError:
            pass
        far_writer.close()
        writer.close()
    return connected


async def main(delay, pairs):
    for near, far in zip(pairs[::2], pairs[1::2]):
        host, port = near.split(":")
        far_host, far_port = far.split(":")
        await asyncio.start_server(passing_on(far_host, int(far_port), delay), host, int(port))
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1]) / 1000, sys.argv[2:]))
