/** One script of a check of clients: a port of its own, the client launched towards it, its own clock, transcript and identity. */
import { createClaims } from "../../src/arbitrary/speech/claims.js";
import { createEventForm } from "../../src/arbitrary/speech/event-form.js";
import { createStock } from "../../src/arbitrary/speech/stock.js";
import type { CaseViolation } from "../check.js";
import { makeCertificate } from "../frames/certificate.js";
import { RunAborted, SubjectGone } from "../interruption.js";
import { HarnessFault } from "../judge.js";
import { delay } from "../time.js";
import { type TranscriptEntry, trimTranscript } from "../transcript.js";
import { createWaiting, reasonOf } from "../waiting.js";
import type { AttemptOptions } from "./attempt.js";
import type { CaseRun } from "./case-run.js";
import type {
  Attempt,
  BadCertificate,
  ClientCase,
  ClientCaseOptions,
  Elsewhere,
  LaunchedClient,
  UpgradeRequest,
} from "./check.js";
import { type Host, openHost } from "./host.js";
import type { RunningClient } from "./launcher.js";
import { type MaskKeys, watchMaskKeys } from "./mask-keys.js";
import { openEngineHost } from "./socket-io/engine-host.js";
import { engineTimes } from "./socket-io/engine-times.js";

/** What a connection of a client that is gone may still take to arrive (milliseconds). */
const STRAGGLER_MS = 200;

/** Clients that one case may launch. */
const MAX_CLIENTS = 100;

/** Keys of opening handshakes that are remembered. */
const REMEMBERED_KEYS = 20_000;

/** Runs a script in a case of its own, for a check. Whatever happens, its port, connections and clients are closed afterwards. */
export async function inClientCase<T>(
  run: CaseRun,
  check: string,
  label: string,
  script: (scene: ClientCase) => Promise<T>,
  options: ClientCaseOptions = {},
): Promise<T> {
  const lease = await run.lease();
  const live = `${check}: ${label}`;
  run.live.add(live);
  try {
    if (run.signal.aborted) throw new RunAborted(reasonOf(run.signal));
    return await play(run, run.resource(lease.parameters), check, label, script, options);
  } finally {
    run.live.delete(live);
    lease.release();
  }
}

async function play<T>(
  run: CaseRun,
  resource: string,
  check: string,
  label: string,
  script: (scene: ClientCase) => Promise<T>,
  { tls }: ClientCaseOptions,
): Promise<T> {
  const { endpoint, judge, launcher, record, signal } = run;
  const start = run.clock();
  const now = (): number => run.clock() - start;
  const lostBefore = run.lag.lost();
  const lost = (): number => run.lag.lost() - lostBefore;
  const transcript: TranscriptEntry[] = [];
  const violations: CaseViolation[] = [];
  const clients: RunningClient[] = [];
  const hosts: Host[] = [];
  const random = run.random.fork(`${check}/${label}`);
  const identity = run.newUuid();
  const waiting = createWaiting(signal, lost);
  const shared = sharedBy(run);
  const engine = engineTimes(run);
  const closing = new AbortController();
  /** What went wrong with the kit itself while nobody was there to be told. */
  let broken: { readonly error: unknown } | undefined;
  /** What the kit itself was late with, where a client left for it. */
  let late: string | undefined;
  let connections = 0;
  let given = 0;
  let launches = 0;
  let departed = 0;
  record.openedCase();

  const entry = (one: TranscriptEntry): void => {
    transcript.push(run.mask.entry(one));
    for (const row of judgedBy(one)) record.passively(row);
    trimTranscript(transcript);
  };
  const note = (text: string): void =>
    entry({ atMs: now(), connection: Math.max(0, connections - 1), direction: "note", kind: "note", text });

  const attemptOptions: Omit<AttemptOptions, "authority" | "certificate"> = {
    endpoint,
    judge,
    stock: createStock(judge.contract, endpoint, createEventForm(endpoint, judge.events), random.uint32()),
    claims: createClaims(),
    maskKeys: shared.maskKeys,
    timeScale: run.timeScale,
    advertisedMs: run.advertisedMs,
    engineMs: engine?.everyMs,
    clock: now,
    lost,
    signal,
    seen: shared.seen,
    changed: waiting.changed,
    observer: {
      entry,
      violation: (violation) => {
        violations.push(violation);
      },
      judged: (valid, names) => record.judged(valid, names),
      passively: (row, notice) => record.passively(row, notice),
      connected: run.connected,
      answered: run.answered,
      late: (what) => {
        late ??= what;
      },
      failed: (error) => {
        broken ??= { error };
        waiting.changed();
      },
    },
  };

  async function listen(hostName: string, port?: number, certificate?: AttemptOptions["certificate"]) {
    const options = {
      ...attemptOptions,
      hostName,
      port,
      certificate,
      nextId: () => {
        record.openedConnection();
        connections += 1;
        return connections - 1;
      },
    };
    const host = await (engine === undefined
      ? openHost(options)
      : openEngineHost({ ...options, engine, newSid: run.newUuid }));
    hosts.push(host);
    return host;
  }

  async function launch(options: { readonly origin?: string; readonly url?: string } = {}) {
    if (launches >= MAX_CLIENTS) throw new HarnessFault(`A case launched more than ${MAX_CLIENTS} clients.`);
    const serial = launches;
    launches += 1;
    const client = await launcher.start({
      url: options.url ?? url,
      caseId: `${check}/${identity}${serial === 0 ? "" : `/${serial}`}`,
      seed: random.fork(`client ${serial}`).uint32(),
      timeScale: run.askedScale,
      contract: judge.contract,
      endpoint,
      ...(options.origin === undefined ? {} : { origin: options.origin }),
      ...(certificate?.trusted === true ? { ca: certificate.cert } : {}),
      clock: now,
      note: (text) => note(`client${serial === 0 ? "" : ` ${serial}`}: ${text}`),
      signal,
    });
    clients.push(client);
    // Whoever waits for a connection of it need wait no longer than for one that is on its way.
    void client.ended
      .then(() => delay(STRAGGLER_MS, closing.signal))
      .then(() => {
        departed += 1;
        waiting.changed();
      });
    return client satisfies LaunchedClient;
  }

  /** No client is left that could connect, and none that was on its way. */
  function deserted(): boolean {
    return launches > 0 && departed >= launches;
  }

  function attempt(timeoutMs: number): Promise<Attempt | undefined> {
    const look = (): Attempt | undefined => {
      const next = host.attempts[given];
      if (next !== undefined) given += 1;
      return next;
    };
    return waiting.until(look, timeoutMs, deserted);
  }

  const certificate = tls === undefined ? undefined : certificateFor(tls, run.host ?? "localhost");
  const host = await listen(run.host ?? "127.0.0.1", run.port, certificate);
  // A library of Socket.IO is given the address of an HTTP server.
  const scheme = engine === undefined ? "ws" : "http";
  const url = `${scheme}${certificate === undefined ? "" : "s"}://${host.authority}${resource}`;

  const scene: ClientCase = {
    label,
    identity,
    random,
    url,
    transcript,
    violations,
    get excuse() {
      const excused = clients.find(({ excuse }) => excuse !== undefined);
      return excused?.excuse ?? late;
    },
    get attempts() {
      return host.attempts;
    },
    launch,
    attempt,
    async connection(options) {
      const next = await attempt(run.launchMs);
      if (next === undefined) {
        const gone = clients.find((client) => client.gone !== undefined)?.gone;
        const how = gone === undefined ? `within ${run.launchMs} ms` : `and ${gone}`;
        throw new SubjectGone(`the client did not connect to ${url} ${how}`);
      }
      const peer = await next.accept(options);
      if (peer !== undefined) return peer;
      throw new SubjectGone(`the client gave up before its handshake was answered (${url})`);
    },
    note,
    async elsewhere(): Promise<Elsewhere> {
      const other = await listen("localhost");
      return {
        url: `ws://${other.authority}${resource}`,
        get attempts() {
          return other.attempts;
        },
      };
    },
    async wait(ms) {
      await delay(ms, signal);
      if (signal.aborted) throw new RunAborted(reasonOf(signal));
    },
    now,
  };

  try {
    const value = await script(scene);
    if (broken !== undefined) throw broken.error;
    return value;
  } finally {
    closing.abort();
    // Clients first: one that sees its connection end would only come back.
    const stopped = await Promise.all(clients.map((client) => client.stop()));
    const closed = await Promise.all(hosts.map((one) => one.close()));
    if (clients.some(({ told }) => told.some(({ kind }) => kind === "event"))) run.delivered();
    for (const violation of violations) record.violated({ ...violation, during: check, label, transcript });
    if (stopped.includes(false)) run.leaked(`a client of the case "${label}" of ${check} could not be ended`);
    if (closed.includes(false)) {
      run.leaked(`a connection of the case "${label}" of ${check} could not be closed`);
    }
  }
}

/** What all cases of a run hold against each other: secrets of handshakes and frames that must not come twice. */
interface Shared {
  readonly maskKeys: MaskKeys;
  readonly seen: (request: UpgradeRequest) => readonly UpgradeRequest["faults"][number][];
}

const sharedByRun = new WeakMap<CaseRun["record"], Shared>();

function sharedBy({ record }: CaseRun): Shared {
  const known = sharedByRun.get(record);
  if (known !== undefined) return known;
  const keys = new Set<string>();
  const shared: Shared = {
    maskKeys: watchMaskKeys(),
    seen({ headers }) {
      const key = headers["sec-websocket-key"];
      if (key === undefined) return [];
      if (keys.has(key)) {
        const expected = "a Sec-WebSocket-Key that is drawn afresh for each connection";
        return [{ clause: "RFC 6455 4.1", expected, got: `${key}, which another connection has had` }];
      }
      if (keys.size < REMEMBERED_KEYS) keys.add(key);
      return [];
    },
  };
  sharedByRun.set(record, shared);
  return shared;
}

/** `trusted`: the client is told to trust it, so that nothing but its one fault speaks against it. */
function certificateFor(
  fault: BadCertificate | "right",
  host: string,
): {
  readonly cert: string;
  readonly key: string;
  readonly trusted: boolean;
} {
  switch (fault) {
    case "right":
      return { ...makeCertificate({ hosts: [host] }), trusted: true };
    case "self-signed":
      return { ...makeCertificate({ hosts: [host] }), trusted: false };
    case "expired":
      return { ...makeCertificate({ hosts: [host], expired: true }), trusted: true };
    case "wrong-host":
      return { ...makeCertificate({ hosts: ["elsewhere.invalid"], address: false }), trusted: true };
  }
}

/** The rows about the client's own frames that have judged this one on its way in. */
function judgedBy({ direction, kind }: TranscriptEntry): readonly string[] {
  if (direction !== "received" || kind === "handshake" || kind === "tcp" || kind === "note") return [];
  return kind === "close" ? ["C-FR-01", "C-FR-06"] : ["C-FR-01"];
}
