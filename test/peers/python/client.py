"""A stranger's client in Python: sends each line of standard input as one text frame, prints each text frame as one
line, and closes when standard input ends."""

import asyncio
import sys

import websockets


async def main(url: str) -> None:
    loop = asyncio.get_running_loop()
    async with websockets.connect(url) as connection:

        async def forward() -> None:
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                await connection.send(line.rstrip("\n"))
            await connection.close()

        forwarding = asyncio.create_task(forward())
        async for frame in connection:
            print(frame.strip(), flush=True)
        await forwarding


asyncio.run(main(sys.argv[1]))
