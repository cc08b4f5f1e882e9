/**
 * The long-polling transport of Engine.IO 4: one GET that waits for packets, one POST that brings them, each a request of
 * its own over the kit's own lines. It reads and writes packets and draws no conclusion.
 *
 * Source: Engine.IO protocol 4, "HTTP long-polling".
 */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { dial, type Line, type Target } from "../frames/dial.js";
import type { Clock } from "../time.js";

/** What stands between two packets of one body. */
export const SEPARATOR = "\u001e";

/** Largest body that is read (bytes). */
const MAX_BODY = 32 * 1024 * 1024;

/** An HTTP response of the subject. */
export interface PollingResponse {
  readonly atMs: number;
  readonly status: number;
  readonly statusLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What {@link createPolling} needs. */
export interface PollingOptions {
  readonly target: Target;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly clock: Clock;
  /** For one response: a long poll lasts as long as the subject's heartbeat allows (milliseconds). */
  readonly timeoutMs: number;
}

/** The requests of one session. Whoever makes it ends it. */
export interface Polling {
  /** A GET: resolves with its response, or with what went wrong. */
  get(path: string): Promise<PollingResponse | string>;
  /** A POST of packets. */
  post(path: string, packets: readonly string[]): Promise<PollingResponse | string>;
  /** Breaks off what is on its way, and says when the system has let every line go. */
  end(): Promise<void>;
}

/** Opens no line yet. */
export function createPolling(options: PollingOptions): Polling {
  const lines = new Set<Line>();
  const closed: Promise<void>[] = [];
  let over = false;

  function exchange(method: string, path: string, body?: string): Promise<PollingResponse | string> {
    if (over) return Promise.resolve("the kit has ended the session");
    return new Promise((resolve) => {
      let line: Line | undefined;
      const done = (outcome: PollingResponse | string): void => {
        clearTimeout(timer);
        if (line !== undefined) {
          lines.delete(line);
          line.drop("gently");
        }
        resolve(outcome);
      };
      const timer = setTimeout(
        () => done(`no response to ${method} within ${options.timeoutMs} ms`),
        options.timeoutMs,
      );
      line = dial(options.target, {
        failed: (message) => done(message),
        ready: (socket) => {
          const headers = [
            ...options.headers.flat(),
            "Connection",
            "close",
            ...(body === undefined
              ? []
              : [
                  "Content-Type",
                  "text/plain;charset=UTF-8",
                  "Content-Length",
                  String(Buffer.byteLength(body)),
                ]),
          ];
          const sent = httpRequest({ method, path, headers, createConnection: () => socket });
          sent.once("response", (response) => void readBody(response, options.clock).then(done));
          sent.once("error", (error) => done(error.message));
          sent.end(body);
        },
      });
      lines.add(line);
      closed.push(line.closed);
    });
  }

  return {
    get: (path) => exchange("GET", path),
    post: (path, packets) => exchange("POST", path, packets.join(SEPARATOR)),
    async end() {
      over = true;
      for (const line of lines) line.drop("reset");
      await Promise.all(closed);
    },
  };
}

async function readBody(response: IncomingMessage, clock: Clock): Promise<PollingResponse | string> {
  const atMs = clock();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      // Without an encoding a response gives its body as buffers.
      const buffer = chunk as Buffer;
      bytes += buffer.length;
      if (bytes > MAX_BODY) return `a body of more than ${MAX_BODY} bytes`;
      chunks.push(buffer);
    }
  } catch (error) {
    return error instanceof Error ? error.message : "the body broke off";
  }
  const { statusCode: status = 0, statusMessage = "", httpVersion } = response;
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );
  const body = Buffer.concat(chunks).toString("utf8");
  return { atMs, status, statusLine: `HTTP/${httpVersion} ${status} ${statusMessage}`.trim(), headers, body };
}

/** The packets of a body, in order. */
export function packetsOf(body: string): readonly string[] {
  return body === "" ? [] : body.split(SEPARATOR);
}
