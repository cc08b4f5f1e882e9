"""Joins a room and prints what is said there, with the reconnecting iterator of websockets as it comes.

Run: python client.py ws://127.0.0.1:9001/
"""

import asyncio
import json
import logging
import signal
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def leave(connection, told):
    await told.wait()
    await connection.close()


async def chat(url):
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async for connection in connect(url):
        leaving = asyncio.create_task(leave(connection, told))
        try:
            await connection.send(json.dumps({"cmd": "join", "room": "lobby"}))
            async for message in connection:
                print(message, flush=True)
        except ConnectionClosed:
            continue
        finally:
            leaving.cancel()
        if told.is_set():
            return


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(chat(sys.argv[1]))
