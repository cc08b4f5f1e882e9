/**
 * Brings about the line that an opening handshake is sent on: TCP, through an HTTP proxy where there is one, and TLS
 * inside of it. The TCP socket below stays in hand: it alone can be reset.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { letGo } from "./let-go.js";
import { type ProxyTarget, readConnectResponse, writeConnect } from "./proxy.js";

/** Where to connect, and how TLS is checked. */
export interface Target {
  /** What certificates must name. */
  readonly host: string;
  readonly port: number;
  /** Connects to this address instead of asking for that of `host`. */
  readonly address?: string;
  readonly proxy?: ProxyTarget;
  readonly tls?: TlsOptions;
}

/** How TLS is checked, and who the kit is there. Certificates and keys are PEM text. */
export interface TlsOptions {
  /** Certificates that are trusted instead of the system's. */
  readonly ca?: string;
  /** Any certificate is taken: for tests on one's own machine. */
  readonly insecure?: boolean;
  /** The kit's own certificate and its key, where the subject asks for one. */
  readonly cert?: string;
  readonly key?: string;
}

/** Who hears how a line comes about: one of the two is told, once. */
export interface DialListener {
  /** The line stands. Who is told attaches its own listeners at once. */
  ready(socket: Socket): void;
  /** It never stood: a sentence, and the system's code for it. */
  failed(message: string, code: string): void;
}

/** A line, standing or not. Whoever dials drops it in the end. */
export interface Line {
  /** Lets all of it go: by RST where the system allows it, or without one. */
  drop(how: "reset" | "gently"): void;
  /** Resolves when the system has let it go. */
  readonly closed: Promise<void>;
}

/** Dials. Never throws. */
export function dial(target: Target, listener: DialListener): Line {
  const { proxy } = target;
  const tcp = connectTcp({
    host: proxy?.host ?? target.address ?? target.host,
    port: proxy?.port ?? target.port,
    allowHalfOpen: true,
    noDelay: true,
  });
  /** TLS to the proxy, to the target, or both. */
  const layers: Socket[] = [];
  let told = false;
  let stage = proxy === undefined ? "" : `the proxy ${proxy.host}:${proxy.port}: `;

  const failed = (message: string, code: string): void => {
    if (told) return;
    told = true;
    listener.failed(`${stage}${message}`, code);
  };
  const onError = (error: NodeJS.ErrnoException): void => failed(reachMessage(error), error.code ?? "");
  const onClose = (): void => failed("the connection ended before it stood", "ECONNRESET");
  const stand = (socket: Socket): void => {
    if (told) return;
    told = true;
    listener.ready(socket);
  };

  /** Wraps a line in TLS; `host` is what the certificate must name. */
  const secure = (below: Socket, host: string, options: TlsOptions, then: (socket: Socket) => void): void => {
    const { ca, cert, key, insecure } = options;
    const settings = {
      socket: below,
      host,
      // SNI names hosts only: an address must not stand there (RFC 6066 §3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      rejectUnauthorized: insecure !== true,
    };
    let wrapped: Socket;
    try {
      wrapped = connectTls(settings);
    } catch (error) {
      // Certificates and keys that are no PEM are only found out here.
      failed(error instanceof Error ? `TLS cannot begin: ${error.message}` : "TLS cannot begin", "ETLS");
      drop("gently");
      return;
    }
    layers.push(wrapped);
    wrapped.on("error", onError);
    wrapped.once("close", onClose);
    wrapped.once("secureConnect", () => then(wrapped));
  };

  const reachTarget = (socket: Socket): void => {
    stage = "";
    if (target.tls === undefined) stand(socket);
    else secure(socket, target.host, target.tls, stand);
  };

  const tunnel = (socket: Socket, via: ProxyTarget): void => {
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const answer = readConnectResponse(head);
      if (answer === undefined) return;
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.pause();
      if (!answer.ok) {
        failed(`it does not connect to ${target.host}:${target.port} (${answer.statusLine})`, "EPROXY");
        drop("gently");
        return;
      }
      if (answer.rest.length > 0) socket.unshift(answer.rest);
      reachTarget(socket);
      socket.resume();
    };
    const onEnd = (): void => failed("it ended the connection instead of answering CONNECT", "EPROXY");
    socket.on("data", onData);
    socket.once("end", onEnd);
    socket.write(writeConnect(target.address ?? target.host, target.port, via));
  };

  const drop: Line["drop"] = (how) => {
    told = true;
    letGo(tcp, layers, how);
  };

  tcp.on("error", onError);
  tcp.once("close", onClose);
  tcp.once("connect", () => {
    if (told) return;
    if (proxy === undefined) reachTarget(tcp);
    else if (proxy.tls === true) secure(tcp, proxy.host, {}, (socket) => tunnel(socket, proxy));
    else tunnel(tcp, proxy);
  });
  return {
    drop,
    closed: new Promise((resolve) => {
      tcp.once("close", () => resolve());
    }),
  };
}

/** True when a line to the target comes about in time (milliseconds). It is dropped at once. */
export function canReach(target: Target, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (reached: boolean): void => {
      clearTimeout(timer);
      line.drop("gently");
      resolve(reached);
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    const line = dial(target, { ready: () => done(true), failed: () => done(false) });
  });
}

/** What to do about the faults of TLS that people meet, by the code that Node gives them. */
const TLS_ADVICE: readonly (readonly [code: RegExp, advice: string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/,
    "its certificate is not trusted here: give its authority's certificate with --ca <file>",
  ],
  [/CERT_HAS_EXPIRED/, "its certificate has expired: renew it"],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    "its certificate names another host: use that name, with --resolve if needed",
  ],
  [/ERR_SSL_WRONG_VERSION_NUMBER|EPROTO/, "it does not speak TLS there: write ws:// instead of wss://"],
  [/ALERT_CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/, "it may want a client certificate: give --cert and --key"],
];

/** What a failure to connect looks like to a reader, with what can be done about it. */
export function reachMessage(error: NodeJS.ErrnoException): string {
  // With several addresses for one name Node gives an AggregateError whose own message is empty.
  const parts = "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  const texts = parts.map((part: unknown) => (part instanceof Error ? part.message : String(part)));
  const message = texts.filter((text) => text !== "").join("; ") || error.code || "connection failed";
  const advice = TLS_ADVICE.find(([code]) => code.test(error.code ?? ""))?.[1];
  return advice === undefined ? message : `${message}: ${advice}`;
}
