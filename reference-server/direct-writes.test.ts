import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { allowsDirectWrites, looksDirect, type MakeServer } from "./direct-writes.js";

/** A server whose sockets are of that class. */
const serverOf = (SocketClass: typeof WebSocket) => () =>
  new WebSocketServer({ noServer: true, WebSocket: SocketClass });

class Waits extends WebSocket {
  override send(data: Parameters<WebSocket["send"]>[0]): void {
    queueMicrotask(() => super.send(data, { binary: false }));
  }
}

class KeepsItsOwnQueue extends WebSocket {
  readonly #queue: Buffer[] = [];
  override send(data: Parameters<WebSocket["send"]>[0]): void {
    this.#queue.push(Buffer.from(String(data)));
    if (this.#queue.length === 2) for (const each of this.#queue) super.send(each, { binary: false });
  }
}

/** A server whose sockets say another `bufferedAmount` than they have. */
const counting = (say: (buffered: number) => number) => (): ReturnType<MakeServer> => {
  const server = new WebSocketServer({ noServer: true });
  return {
    close: () => server.close(),
    handleUpgrade: (request, stream, head, done) =>
      server.handleUpgrade(request, stream, head, (socket) => {
        const get = (): number => say(Number(Reflect.get(WebSocket.prototype, "bufferedAmount", socket)));
        Object.defineProperty(socket, "bufferedAmount", { get });
        done(socket, request);
      }),
  };
};

class Splits extends WebSocket {
  override send(data: Parameters<WebSocket["send"]>[0]): void {
    super.send(data, { binary: false, fin: false });
    super.send(Buffer.alloc(0), { binary: false, fin: true });
  }
}

class Masks extends WebSocket {
  override send(data: Parameters<WebSocket["send"]>[0]): void {
    super.send(data, { binary: false, mask: true });
  }
}

class Throws extends WebSocket {
  override send(): void {
    throw new Error("not like this");
  }
}

describe("whether frames may be written below ws", () => {
  it("says yes to the ws that is installed", () => {
    expect(allowsDirectWrites()).toBe(true);
    expect(looksDirect(serverOf(WebSocket))).toBe(true);
  });

  it.each([
    ["sends later", serverOf(Waits)],
    ["keeps a queue of its own", serverOf(KeepsItsOwnQueue)],
    ["does not count what waits in the stream", counting(() => 0)],
    ["counts payloads only", counting((buffered) => buffered / 3)],
    ["splits what it sends", serverOf(Splits)],
    ["masks what it sends", serverOf(Masks)],
    ["throws", serverOf(Throws)],
  ])("says no to one that %s", (_title, makeServer) => {
    expect(looksDirect(makeServer)).toBe(false);
  });

  it("says no to a server that makes no socket", () => {
    expect(looksDirect(() => ({ handleUpgrade() {}, close() {} }))).toBe(false);
  });
});
