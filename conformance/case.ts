/** One connection script: its own clock, transcript and identity; its connections end with it, and that is verified. */
import { type Aftermath, watchAftermath } from "./aftermath.js";
import type { Case, CaseViolation, ConnectOptions, Tester } from "./check.js";
import { credentialsFor, mergeHeaders } from "./credentials.js";
import { endOf, fillingOf } from "./exchange.js";
import { type HandshakeRequest, upgradeHeaders } from "./frames/handshake.js";
import { RunAborted, SubjectGone, SubjectRefused } from "./interruption.js";
import { HarnessFault } from "./judge.js";
import { type ConnectionMonitor, createCaseMonitor, watchedLater } from "./monitor.js";
import { paceTester } from "./pacer.js";
import type { Lease, Run } from "./run.js";
import { commandIn, type OwnedTester, openTester } from "./tester.js";
import { answerBound, delay, TIMEABLE, within } from "./time.js";
import { type TranscriptEntry, trimTranscript } from "./transcript.js";
import { reasonOf } from "./waiting.js";

/** How long a handshake may take (milliseconds): networks, not the contract, decide it. */
const HANDSHAKE_MS = 5000;

/** How often the clocks of the contract are looked at (milliseconds). */
const CLOCK_MS = 50;

/** The row about the subject's own frames, and those that send what is no text: its echo is their finding, not that row's. */
const OWN_FRAMES = "S-FR-13";
const MIRRORS: ReadonlySet<string> = new Set(["S-FR-14", "S-FR-17"]);

/** How many connections one case may open. */
const MAX_CONNECTIONS = 300;

/** What a case leaves behind at its address is waited for so often the longest answer at most. */
const AFTERMATH_ANSWERS = 4;

/** Runs a script in a case of its own, for a check. Whatever happens, its connections are closed afterwards. */
export async function inCase<T>(
  run: Run,
  check: string,
  label: string,
  script: (scene: Case) => Promise<T>,
): Promise<T> {
  const lease = await run.lease();
  const live = `${check}: ${label}`;
  run.live.add(live);
  try {
    if (run.signal.aborted) throw new RunAborted(reasonOf(run.signal));
    return await play(run, lease, check, label, script);
  } finally {
    run.live.delete(live);
    lease.release();
  }
}

async function play<T>(
  run: Run,
  lease: Lease,
  check: string,
  label: string,
  script: (scene: Case) => Promise<T>,
): Promise<T> {
  const start = run.clock();
  const now = (): number => run.clock() - start;
  const lostBefore = run.lag.lost();
  const lost = (): number => run.lag.lost() - lostBefore;
  const transcript: TranscriptEntry[] = [];
  const own: CaseViolation[] = [];
  const testers: OwnedTester[] = [];
  const random = run.random.fork(`${check}/${label}`);
  const identity = run.newUuid();
  const filling = fillingOf({ identity, random: random.fork("heartbeat") });
  const monitor = createCaseMonitor({
    endpoint: run.endpoint,
    timeScale: run.timeScale,
    check,
  });
  const { heartbeat } = run.endpoint;
  const patience = heartbeat?.patience?.ms;
  /** Connections that keep themselves alive. */
  const kept: OwnedTester[] = [];
  let lateHandshake: string | undefined;
  const aftermath = watchAftermath(run.endpoint);
  run.record.openedCase();

  const scene: Case = {
    label,
    identity,
    random,
    parameters: lease.parameters,
    transcript,
    fault: () => monitor.fault(now()),
    get violations() {
      return [...own, ...monitor.violations];
    },
    get excuse() {
      const idle = kept.find(({ end }) => end?.explained === true);
      if (idle === undefined) return lateHandshake;
      return `the server gave connection ${idle.id} up for the kit's own silence (${endOf(idle)}): no evidence of anything`;
    },
    now,
    connect,
  };

  async function connect(options: ConnectOptions = {}): Promise<Tester> {
    if (testers.length >= MAX_CONNECTIONS) {
      throw new HarnessFault(`A case opened more than ${MAX_CONNECTIONS} connections.`);
    }
    const { subject } = run;
    // First of all: what comes after it must see the connections in the order of their numbers.
    const credentials = await credentialsFor(options.credentials, run.config, run.authorize);
    if (run.signal.aborted) throw new RunAborted(reasonOf(run.signal));
    const origin = options.origin ?? subject.origin;
    const polled = options.transport === undefined ? {} : { transport: "polling" };
    const query = { ...credentials.query, ...polled, ...options.query };
    const resource =
      options.request?.target ?? subject.resource({ ...lease.parameters, ...options.parameters }, query);
    const key = Buffer.from(random.bytes(16)).toString("base64");
    const subprotocols = options.subprotocols ?? subject.subprotocols;
    const id = testers.length;
    await run.pacer?.turn();
    run.record.openedConnection();
    const watch = (): ConnectionMonitor => heard(monitor.open(id, resource, now() - lost()), aftermath);
    // A request that is not finished opens no session: its clocks must not run out.
    const watched = options.chunks?.upTo === undefined ? watch() : watchedLater(watch);
    const tester = openTester({
      id,
      endpoint: run.endpoint,
      judge: run.judge,
      monitor: watched,
      target: subject.target,
      request: bent(options.request, {
        target: resource,
        headers: upgradeHeaders({
          host: subject.host,
          key,
          subprotocols,
          extra: mergeHeaders(
            options.extensions === undefined ? {} : { "Sec-WebSocket-Extensions": options.extensions },
            { "User-Agent": `${run.userAgent} (${check})` },
            subject.headers,
            origin === undefined ? {} : { Origin: origin },
            credentials.headers,
            options.headers,
          ),
        }),
      }),
      key,
      subprotocols,
      ...(options.extensions === undefined ? {} : { extensions: options.extensions }),
      ...(options.transport === undefined ? {} : { transport: options.transport }),
      ...(options.early === undefined ? {} : { early: options.early }),
      ...(options.chunks === undefined ? {} : { chunks: options.chunks }),
      handshakeMs: options.handshakeMs ?? HANDSHAKE_MS,
      answerHeartbeat: options.answerHeartbeat ?? true,
      beats: options.beats ?? true,
      filling,
      clock: now,
      drawMask: () => random.bytes(4),
      signal: run.signal,
      lost,
      patienceMs: patience === undefined ? undefined : patience * run.timeScale,
      ...(heartbeat?.initiator !== "server" || heartbeat.timeoutMs === undefined
        ? {}
        : { answerWithinMs: heartbeat.timeoutMs * run.timeScale }),
      observer: {
        entry: (entry) => {
          transcript.push(run.mask.entry(entry));
          for (const check of judgedBy(entry)) run.record.passively(check);
          trimTranscript(transcript);
        },
        violation: (violation) => {
          own.push(violation);
        },
        judged: (valid, names) => run.record.judged(valid, names),
        passively: (id, notice) => run.record.passively(id, notice),
        answered: (ms) => run.answered(ms),
      },
    });
    testers.push(tester);
    if (options.answerHeartbeat !== false && options.beats !== false) kept.push(tester);
    if (run.pacer !== undefined) paceTester(tester, run.pacer);
    if (options.chunks?.upTo !== undefined) {
      await within(tester.requested, HANDSHAKE_MS, run.signal);
      return tester;
    }
    const before = run.lag.lost();
    await tester.opened;
    if (tester.handshake.kind === "timeout") {
      const lateMs = Math.max(run.lag.recent(), run.lag.lost() - before);
      const { message } = tester.handshake;
      const doubtful = lateMs * TIMEABLE > (options.handshakeMs ?? HANDSHAKE_MS);
      if (doubtful) lateHandshake = `${message}, but this machine was ${Math.round(lateMs)} ms late itself`;
    }
    if (run.signal.aborted) throw new RunAborted(reasonOf(run.signal));
    const accepted = tester.handshake.kind === "accepted";
    if (accepted) for (const text of credentials.first ?? []) introduce(tester, text);
    if (options.bare !== true) await awaitSession(tester);
    return tester;
  }

  /** Credentials that are a first message: where the contract knows them they are a command like any other. */
  function introduce(tester: OwnedTester, text: string): void {
    const result = run.judge.commands.judge(text);
    if (!result.ok) tester.text(text, "none");
    else tester.text(text, "command", commandIn(run.judge, text));
  }

  async function awaitSession(tester: OwnedTester): Promise<void> {
    const { handshake } = tester;
    switch (handshake.kind) {
      case "accepted":
        break;
      case "refused":
        throw new SubjectRefused(`the server refused the handshake: ${handshake.response.statusLine}`);
      case "broken":
      case "timeout":
        throw new SubjectRefused(handshake.message);
      case "unreachable":
        throw new SubjectGone(handshake.message);
    }
    const { first } = run.endpoint.protocol;
    if (first === undefined || first === null) return;
    await tester.next(
      (message) => message.names.includes(first.message),
      answerBound(first.withinMs, run.timeScale),
    );
  }

  /** Lets come what was asked for last, while somebody of this case hears it: the next one at the address must not. */
  async function untilQuiet(): Promise<void> {
    const deadline = now() + AFTERMATH_ANSWERS * run.answerMs;
    for (;;) {
      const quietAt = (aftermath.lastMs ?? Number.NEGATIVE_INFINITY) + run.quietMs();
      const left = Math.min(quietAt, deadline) - now();
      if (left <= 0 || run.signal.aborted) return;
      await delay(left, run.signal);
    }
  }

  // The clocks of the contract run out without any frame. They stand still while the kit's own loop is late.
  const tick = (): void => monitor.advance(now() - lost());
  const clock = setInterval(tick, CLOCK_MS);
  try {
    return await script(scene);
  } finally {
    clearInterval(clock);
    tick();
    await untilQuiet();
    const closed = !(await Promise.all(testers.map((tester) => tester.dispose()))).includes(false);
    // What was seen on the way to a broken rule shows nothing of the model.
    const legal = testers.filter(({ monitor }) => monitor.violations.length === 0);
    for (const { monitor } of legal) run.record.visited(monitor.visited);
    for (const violation of scene.violations) {
      if (violation.check === OWN_FRAMES && MIRRORS.has(check)) continue;
      run.record.violated({ ...violation, during: check, label, transcript });
    }
    if (!closed) run.leaked(`a connection of the case "${label}" of ${check} could not be closed`);
  }
}

/** The Monitor of a connection, with somebody who listens to what it is told. */
function heard(monitor: ConnectionMonitor, aftermath: Aftermath): ConnectionMonitor {
  const { sent, received } = monitor;
  monitor.sent = (kind, what, atMs) => {
    if (kind === "command") aftermath.sent(what?.names ?? [], atMs);
    sent(kind, what, atMs);
  };
  monitor.received = (judgement, atMs) => {
    aftermath.received(judgement.names, atMs);
    return received(judgement, atMs);
  };
  return monitor;
}

function bent(change: ConnectOptions["request"], ordinary: HandshakeRequest): HandshakeRequest {
  if (change === undefined) return ordinary;
  const { method, httpVersion, headers } = change;
  return {
    ...ordinary,
    ...(method === undefined ? {} : { method }),
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(headers === undefined ? {} : { headers: headers(ordinary.headers) }),
  };
}

/** The rows about the subject's own frames that have judged this one on its way in. */
function judgedBy({ direction, kind }: TranscriptEntry): readonly string[] {
  if (direction !== "received" || kind === "handshake" || kind === "tcp" || kind === "note") return [];
  return kind === "close" ? ["S-FR-13", "S-FR-19"] : ["S-FR-13"];
}
