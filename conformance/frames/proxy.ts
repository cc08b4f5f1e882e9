/** HTTP proxies: which one the environment names for a host, and the CONNECT request that opens a tunnel (RFC 9110 §9.3.6). */
import { isIP } from "node:net";

/** A proxy that tunnels. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
  /** The line to the proxy itself is TLS. */
  readonly tls?: true;
  /** The value of Proxy-Authorization, if it wants one. */
  readonly authorization?: string;
}

/** A proxy's URL that cannot be used; the message says what to write instead. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
}

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a host: HTTPS_PROXY for wss:, HTTP_PROXY for ws:, else ALL_PROXY; in lower case as well. None for this
 * machine itself, and for what NO_PROXY names. Throws {@link ProxyError}.
 */
export function proxyFor(
  target: { readonly host: string; readonly port: number; readonly secure: boolean },
  environment: Environment,
): ProxyTarget | undefined {
  const read = (name: string): string | undefined =>
    environment[name.toLowerCase()] || environment[name] || undefined;
  const url = read(target.secure ? "HTTPS_PROXY" : "HTTP_PROXY") ?? read("ALL_PROXY");
  if (url === undefined || isOwnMachine(target.host)) return undefined;
  if (isExcepted(target, read("NO_PROXY") ?? "")) return undefined;
  return parseProxy(url);
}

/** Reads a proxy's URL. Throws {@link ProxyError}. */
export function parseProxy(text: string): ProxyTarget {
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    throw new ProxyError("The URL of the proxy is none. Write it like http://proxy.example:3128.");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ProxyError(
      `Proxies of the kind ${url.protocol} are not supported. Name an HTTP proxy (http://…).`,
    );
  }
  const tls = url.protocol === "https:";
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    ...(tls ? { tls } : {}),
    ...(user === ":" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` }),
  };
}

function isOwnMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** NO_PROXY: names separated by commas; each with its subdomains, a port if it is to be that one only; `*` is all. */
function isExcepted(target: { readonly host: string; readonly port: number }, list: string): boolean {
  const host = target.host.toLowerCase();
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      // An IPv6 address without brackets has colons of its own.
      const whole = isIP(entry) === 6 ? entry.toLowerCase() : name;
      if (whole === name && port !== undefined && Number(port) !== target.port) return false;
      const bare = whole.replace(/^\*?\./, "");
      return host === bare || host.endsWith(`.${bare}`);
    });
}

/** The request that asks a proxy for a tunnel. */
export function writeConnect(host: string, port: number, proxy: ProxyTarget): string {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (proxy.authorization !== undefined) lines.push(`Proxy-Authorization: ${proxy.authorization}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Largest head of a proxy's answer that is read (bytes). */
const MAX_HEAD = 16 * 1024;

/** What a proxy answered: undefined while it is incomplete, else whether the tunnel stands and what came through it. */
export function readConnectResponse(
  bytes: Buffer,
): { readonly ok: boolean; readonly statusLine: string; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = ""] = bytes.subarray(0, 200).toString("latin1").split("\r\n");
  if (end < 0) {
    return bytes.length > MAX_HEAD
      ? { ok: false, statusLine: "no end of its answer", rest: bytes }
      : undefined;
  }
  // Any 2xx says that the tunnel stands.
  return { ok: /^HTTP\/1\.[01] 2\d\d/.test(statusLine), statusLine, rest: bytes.subarray(end + 4) };
}
