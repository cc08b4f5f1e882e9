"""The `answer` channel in Python, with websockets and nothing of wireproof.

Run: python server.py [port]. Every question is answered by its own words, piece by piece; questions of one connection
wait for each other. SIGTERM closes every connection with 1001.
"""

import asyncio
import json
import logging
import os
import signal
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 512
MAX_WAITING = 16
PIECE = 4096
PACE = 0.02 * float(os.environ.get("WIREPROOF_TIME_SCALE", "1"))


class Refused(Exception):
    """A frame that is no question: a stable code, and a text for people."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def no_constant(name):
    raise Refused("not-json", f"{name} is no JSON.")


def depth_of(text):
    """How deep arrays and objects stand in one another; text inside strings does not count."""
    deepest = depth = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def question_in(text):
    """The question of a frame. Raises Refused."""
    if depth_of(text) > MAX_DEPTH:
        raise Refused("too-deep", f"The frame is nested deeper than {MAX_DEPTH}.")
    try:
        value = json.loads(text, parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise Refused("not-json", "The frame is not one JSON document.") from None
    if not isinstance(value, dict):
        raise Refused("not-object", "A question is a JSON object.")
    unknown = sorted(value.keys() - {"query", "session_id"})
    if unknown:
        raise Refused("invalid-payload", f"A question has no field {json.dumps(unknown[0])}.")
    query = value.get("query")
    if not isinstance(query, str) or not 1 <= len(query) <= 65536:
        raise Refused("invalid-payload", "query is a text of 1 to 65536 characters.")
    if not isinstance(value.get("session_id", ""), str):
        raise Refused("invalid-payload", "session_id is a text.")
    return query


async def send(connection, event):
    await connection.send(json.dumps(event))


async def answer(connection, waiting):
    """Answers the questions of one connection in the order in which they came."""
    while True:
        kind, value = await waiting.get()
        if kind == "refused":
            await send(connection, {"type": "error", "message": str(value), "code": value.code})
            continue
        await send(connection, {"type": "status", "message": "Thinking"})
        await asyncio.sleep(PACE)
        text = f"You said: {value}"
        for start in range(0, len(text), PIECE):
            await send(connection, {"type": "content", "content": text[start : start + PIECE]})
        await send(connection, {"type": "done"})


async def listen(connection):
    waiting = asyncio.Queue()
    worker = asyncio.create_task(answer(connection, waiting))
    try:
        async for frame in connection:
            if isinstance(frame, bytes):
                await connection.close(1003, "this channel speaks text")
                return
            try:
                query = question_in(frame)
                if waiting.qsize() >= MAX_WAITING:
                    raise Refused("rate-limited", f"{MAX_WAITING} questions are waiting already.")
            except Refused as refusal:
                # A refusal waits its turn: it never speaks into an answer.
                waiting.put_nowait(("refused", refusal))
                if waiting.qsize() > 4 * MAX_WAITING:
                    await connection.close(4429, "too many questions at once")
                    return
            else:
                waiting.put_nowait(("asked", query))
    except ConnectionClosed:
        pass  # The client has left or broken the protocol; the library has said goodbye.
    finally:
        worker.cancel()
        try:
            await worker
        except (asyncio.CancelledError, ConnectionClosed):
            pass


async def route(connection, request):
    if request.path.split("?")[0] != "/ws/chat":
        return connection.respond(404, "There is only /ws/chat.\n")


async def main(port):
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    # ping_interval=None: the channel declares no heartbeat, and a client that listens in silence is kept.
    async with serve(
        listen, "127.0.0.1", port, process_request=route, max_size=MAX_BYTES, ping_interval=None
    ) as server:
        print(f"ready on {server.sockets[0].getsockname()[1]}", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
