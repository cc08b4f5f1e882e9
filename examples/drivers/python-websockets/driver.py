"""Drives a plain client on websockets (https://websockets.readthedocs.io). Its protocol: schemas/driver.json.

Run: wireproof check client --driver -- python driver.py
"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

tasks, sockets, commands = {}, {}, []


def say(**line):
    print(json.dumps(line, allow_nan=False), flush=True)


async def live(id, url):
    say(type="state", id=id, state="connecting")
    socket = None
    try:
        socket = sockets[id] = await connect(url)
        say(type="state", id=id, state="connected")
        async for message in socket:
            try:
                say(type="event", id=id, payload=json.loads(message))
            except ValueError as error:
                say(type="error", id=id, code="not-json", message=str(error))
    except (OSError, WebSocketException) as error:
        say(type="error", id=id, code="socket", message=str(error))
    code = (socket and socket.close_code) or 1006
    say(type="state", id=id, state="disconnected", code=code)


async def send(id, op, payload, of):
    if op not in commands:
        return say(type="unsupported", id=id, of=of)
    try:
        await sockets[id].send(json.dumps(payload, ensure_ascii=False))
        say(type="reply", id=id, of=of, ok=True)
    except (KeyError, WebSocketException):
        say(type="reply", id=id, of=of, ok=False, code="not-connected")


async def main():
    while text := await asyncio.to_thread(sys.stdin.readline):
        line = json.loads(text)
        match line.pop("type"):
            case "hello":
                commands[:] = line["commands"]
                say(type="hello", protocol=1, name="websockets", version="16", capabilities=[])
            case "open":
                tasks[line["id"]] = asyncio.create_task(live(line["id"], line["url"]))
            case "send":
                await send(**line)
            case "close" if line["id"] in sockets:
                asyncio.create_task(sockets[line["id"]].close())
            case "stop":
                return


asyncio.run(main())
