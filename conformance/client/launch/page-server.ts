/**
 * What the kit serves to a browser on the loop-back: the wrapper page, the orders and lines between it and the kit, and the
 * folder of a page that is a file. Everything lies under a path that nobody can guess.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, realpathSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { basename, dirname, extname, join, sep } from "node:path";
import { isObject } from "../../../src/contract/pointer.js";
import { UsageError } from "../../usage-error.js";
import type { KitLine } from "./driver-line.js";
import { LONGEST_LINE } from "./lines.js";
import { WRAPPER_PAGE } from "./wrapper-page.js";

/** What the wrapper page is told to do with one frame. */
export type Order =
  | { readonly type: "open"; readonly frame: number; readonly src: string }
  | { readonly type: "say"; readonly frame: number; readonly line: KitLine }
  | { readonly type: "shut"; readonly frame: number };

/** What {@link startPageServer} needs. */
export interface PageServerOptions {
  /** A URL, or the path of an HTML file: then its folder is served. */
  readonly page: string;
  /** A line of a frame: what was posted, as JSON gave it. */
  readonly onLine: (frame: number, line: unknown) => void;
  /** A browser has opened the wrapper page. */
  readonly onOpen: () => void;
  /** The browser has closed it, or is gone. */
  readonly onClose: () => void;
}

/** A server for one browser. Whoever starts it stops it. */
export interface PageServer {
  /** Of the wrapper page: for the browser. */
  readonly url: string;
  /** The user's page, told by its query where its client is to connect; undefined: to be asked for its hello only. */
  pageUrl(webSocketUrl: string | undefined): string;
  /** True as long as a browser shows the wrapper page. */
  readonly isOpen: boolean;
  /** Nothing happens where no browser is there. */
  order(order: Order): void;
  stop(): Promise<void>;
}

const HTML = "text/html; charset=utf-8";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": HTML,
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** Below it lies the folder of a page that is a file. */
const PAGE = "page/";

/** Starts it. Throws {@link UsageError} for a page that is neither a URL nor a file. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const token = randomBytes(16).toString("hex");
  const file = /^https?:\/\//i.test(options.page) ? undefined : fileOf(options.page);
  let orders: ServerResponse | undefined;

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const base = `http://127.0.0.1:${port}/${token}/`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", base);
    response.setHeader("cache-control", "no-store");
    // Pages elsewhere can post to the loop-back, but do not know the path.
    const path = pathname.startsWith(`/${token}/`) ? pathname.slice(token.length + 2) : undefined;
    if (path === "up" && request.method === "POST") await takeLines(request, response);
    else if (path === undefined || request.method !== "GET") refuse(response, 404);
    else if (path === "") response.setHeader("content-type", HTML).end(WRAPPER_PAGE);
    else if (path === "down") giveOrders(response);
    else giveFile(path, response);
  }

  function giveOrders(response: ServerResponse): void {
    if (orders !== undefined) {
      // This status keeps a second window from asking again: one browser is the one that is judged.
      refuse(response, 204);
      return;
    }
    orders = response;
    response.setHeader("content-type", "text/event-stream");
    response.flushHeaders();
    response.once("close", () => {
      orders = undefined;
      options.onClose();
    });
    options.onOpen();
  }

  async function takeLines(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of request) {
      // Without an encoding a request gives buffers.
      const bytes = piece as Buffer;
      length += bytes.length;
      if (length > LONGEST_LINE) throw new RangeError("Too many lines at once.");
      pieces.push(bytes);
    }
    const lines: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    for (const one of Array.isArray(lines) ? lines : []) {
      if (isObject(one) && typeof one["frame"] === "number") options.onLine(one["frame"], one["line"]);
    }
    response.end();
  }

  function giveFile(path: string, response: ServerResponse): void {
    const found = file === undefined ? undefined : insideOf(dirname(file), path);
    if (found === undefined) {
      refuse(response, 404);
      return;
    }
    response.setHeader("content-type", TYPES[extname(found).toLowerCase()] ?? "application/octet-stream");
    createReadStream(found)
      .on("error", () => response.destroy())
      .pipe(response);
  }

  return {
    url: base,
    pageUrl(webSocketUrl) {
      const url = new URL(
        file === undefined ? options.page : `${base}${PAGE}${encodeURIComponent(basename(file))}`,
      );
      if (webSocketUrl !== undefined) url.searchParams.set("url", webSocketUrl);
      return url.href;
    },
    get isOpen() {
      return orders !== undefined;
    },
    order(order) {
      orders?.write(`data: ${JSON.stringify(order)}\n\n`);
    },
    async stop() {
      const closed = once(server, "close");
      orders?.end();
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}

/** The file below `folder` that a path of a request means; undefined when there is none, or when it leads elsewhere. */
function insideOf(folder: string, path: string): string | undefined {
  if (!path.startsWith(PAGE)) return undefined;
  try {
    const found = realpathSync(join(folder, decodeURIComponent(path.slice(PAGE.length))));
    // Neither `..` nor a link leads out of the folder of the page.
    return found.startsWith(folder + sep) && statSync(found).isFile() ? found : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(page: string): string {
  try {
    const file = realpathSync(page);
    if (statSync(file).isFile()) return file;
  } catch {
    // Said below.
  }
  throw new UsageError(
    `There is no page ${page}: give the URL of one (http://…), or the path of an HTML file.`,
  );
}
