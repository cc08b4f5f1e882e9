/**
 * The Monitor of a case: the lifecycles of each of its connections, and what the connections mean to each other.
 *
 * It charges each violation to a check. Before the kit has done anything wrong in the case, the rule's own check owns
 * it. After a deliberate fault (a broken frame, an illegal command) the check that committed the fault owns it: "no
 * effect" is its sentence, and it alone can compare with a case without the fault.
 */

import type { Endpoint } from "../src/contract/contract.js";
import { type LifecycleMonitor, type LifecycleViolation, openLifecycles } from "../src/contract/lifecycle.js";
import type { CaseViolation, CloseInfo, SentKind } from "./check.js";
import { type InvariantWatch, watchInvariants } from "./invariants.js";
import { excerpt, type Judgement, refusalOf } from "./judge.js";
import { UPPER_GRACE_MS } from "./time.js";

/** The Monitor of one case. */
export interface CaseMonitor {
  /**
   * Watches a further connection, opened at `atMs` of the case's clock. `target` is the address with its query: equal
   * targets are the same address.
   */
  open(connection: number, target: string, atMs?: number): ConnectionMonitor;
  readonly violations: readonly CaseViolation[];
  /** Milliseconds on the case's clock when the kit first did something that is to be refused; undefined: never. */
  readonly faultAtMs: number | undefined;
  /** The kit does something now that may be refused, or whose effect only the case's own check is about. */
  fault(atMs: number): void;
  /** Lets the clocks of all connections run out. */
  advance(nowMs: number): void;
}

/** The Monitor of one connection. */
export interface ConnectionMonitor {
  readonly lifecycle: LifecycleMonitor;
  /**
   * From then on no lifecycle is judged here: the check that owns the fault of an event that could not be read, or the
   * one that sent what may be answered in any way.
   */
  readonly blocked: string | undefined;
  sent(
    kind: SentKind,
    what: { readonly names: readonly string[]; readonly payload: unknown } | undefined,
    atMs: number,
  ): void;
  /** A judged event, and what it breaks. Its own fault is not repeated here: it stands in the judgement. */
  received(judgement: Judgement, atMs: number): readonly CaseViolation[];
  closed(info: CloseInfo): void;
}

/** What a {@link CaseMonitor} watches, and for which check. */
export interface CaseMonitorOptions {
  readonly endpoint: Endpoint;
  readonly timeScale: number;
  /** Id of the check whose case it is. */
  readonly check: string;
  /** True where the kit did not invent the identity: others may act at any time. */
  readonly otherAlways?: boolean;
}

/** Clauses that a clock decides. */
const LATE: ReadonlySet<string> = new Set(["obligation", "answer", "undecodable", "close"]);

/** Opens the Monitor of a case. */
export function createCaseMonitor(options: CaseMonitorOptions): CaseMonitor {
  const violations: CaseViolation[] = [];
  const watched: Watched[] = [];
  let faultAtMs: number | undefined;

  function fault(atMs: number): void {
    faultAtMs ??= atMs;
  }

  function collect(connection: Watched): void {
    const found = connection.lifecycle.violations;
    for (; connection.collected < found.length; connection.collected++) {
      const violation = found[connection.collected];
      if (violation === undefined || connection.blocked !== undefined) continue;
      violations.push({
        check: faultAtMs === undefined ? ownerOf(violation, options.check) : options.check,
        connection: connection.id,
        atMs: violation.atMs,
        clause: "PROTOCOL.md#lifecycle",
        expected: expectedBy(violation),
        got: violation.message,
        mend: mendOf(violation),
        ...(LATE.has(violation.clause) ? { late: true } : {}),
      });
    }
  }

  /** Where a first event is declared it comes before any other, and never again. */
  function watchFirst(
    connection: number,
    { names, payload }: Judgement,
    position: number,
    atMs: number,
  ): void {
    const { first } = options.endpoint.protocol;
    if (first === undefined || first === null) return;
    const isFirst = names.includes(first.message);
    if (position === 1 ? isFirst : !isFirst || names.length > 1) return;
    violations.push({
      check: "S-SM-04",
      connection,
      atMs,
      clause: "PROTOCOL.md#connections-3",
      expected: `"${first.message}" as the first event of the connection, and never again`,
      got: `event ${position} of the connection was ${excerpt(JSON.stringify(payload) ?? names.join(" or "))}`,
      mend: `Send "${first.message}" once, before a connection can hear anything else: join it to the others only afterwards.`,
    });
  }

  /**
   * Invariants hold whatever the kit has sent; only an event that echoes a wrong value may do so because of a command which
   * the case sent to be refused.
   */
  function watchFields(connection: number, watch: InvariantWatch, judged: Judgement, atMs: number): void {
    for (const { invariant, expected, got, mend } of watch.received(judged.names, judged.payload)) {
      const acting = invariant.kind === "echoes" && faultAtMs !== undefined;
      violations.push({
        check: acting ? options.check : "S-SM-06",
        connection,
        atMs,
        clause: "PROTOCOL.md#invariants-1",
        expected,
        got,
        mend,
        ...(invariant.level === "SHOULD" ? { should: true } : {}),
      });
    }
  }

  function open(id: number, target: string, atMs = 0): ConnectionMonitor {
    const lifecycle = openLifecycles(options.endpoint, {
      timeScale: options.timeScale,
      openedAtMs: atMs,
      graceMs: UPPER_GRACE_MS,
      ...(options.otherAlways === true ? { otherAlways: true } : {}),
    });
    const connection: Watched = { id, target, lifecycle, collected: 0, blocked: undefined, met: new Set() };
    const invariants = watchInvariants(options.endpoint);
    let heard = 0;
    watched.push(connection);
    introduce(options.endpoint, watched, atMs);
    return {
      lifecycle,
      get blocked() {
        return connection.blocked;
      },
      sent(kind, what, atMs) {
        if (connection.blocked !== undefined || kind === "none") return;
        if (kind === "anything") {
          fault(atMs);
          connection.blocked = options.check;
          return;
        }
        if (kind === "command") {
          if (what === undefined) return;
          // What is to be refused changes nothing: its values are none that an event may carry afterwards.
          if (isIllegal(lifecycle, what)) fault(atMs);
          else invariants.sent(what.names, what.payload);
          lifecycle.sent({ kind, names: [...what.names], payload: what.payload }, atMs);
        } else {
          fault(atMs);
          lifecycle.sent({ kind }, atMs);
        }
        introduce(options.endpoint, watched, atMs);
        collect(connection);
      },
      received(judgement, atMs) {
        if (connection.blocked !== undefined) return [];
        if (judgement.fault !== undefined) {
          connection.blocked = judgement.fault.check;
          return [];
        }
        const before = violations.length;
        heard += 1;
        watchFirst(id, judgement, heard, atMs);
        watchFields(id, invariants, judgement, atMs);
        // Without a lifecycle nobody can say which state allows what: the server alone knows.
        const stateless = options.endpoint.lifecycles.length === 0;
        const refusal = refusalOf(options.endpoint, judgement.names, judgement.payload);
        if (!(stateless && refusal?.class === "state")) {
          lifecycle.received({ names: [...judgement.names], payload: judgement.payload }, atMs);
        }
        introduce(options.endpoint, watched, atMs);
        collect(connection);
        return violations.slice(before);
      },
      closed(info) {
        if (connection.blocked !== undefined) return;
        lifecycle.closed(
          {
            by: info.by === "subject" ? "server" : "client",
            ...(info.code === undefined ? {} : { code: info.code }),
            ...(info.explained === true ? { explained: true } : {}),
          },
          info.atMs,
        );
        collect(connection);
      },
    };
  }

  return {
    open,
    violations,
    fault,
    get faultAtMs() {
      return faultAtMs;
    },
    advance(nowMs) {
      for (const connection of watched) {
        if (connection.blocked !== undefined) continue;
        connection.lifecycle.advance(nowMs);
        collect(connection);
      }
    },
  };
}

interface Watched {
  readonly id: number;
  readonly target: string;
  readonly lifecycle: LifecycleMonitor;
  /** How many of the lifecycle's violations have been taken over. */
  collected: number;
  blocked: string | undefined;
  /** Instances for which `$other` has been allowed. */
  readonly met: Set<string>;
}

/**
 * From now on `$other` may happen: a lifecycle of the connection is shared by connections at the same address, one
 * with a key by connections that hold the same key. A connection that is over still counts: what it started goes on.
 */
function introduce(endpoint: Endpoint, watched: readonly Watched[], atMs: number): void {
  if (watched.length < 2) return;
  for (const one of watched) {
    for (const lifecycle of endpoint.lifecycles) {
      const others = watched.filter((other) => other !== one);
      if (lifecycle.scope === "connection") {
        if (!others.some((other) => other.target === one.target)) continue;
        meet(one, lifecycle.name, undefined, atMs);
        continue;
      }
      const elsewhere = new Set(others.flatMap((other) => keysOf(other.lifecycle, lifecycle.name)));
      for (const key of keysOf(one.lifecycle, lifecycle.name)) {
        if (elsewhere.has(key)) meet(one, lifecycle.name, key, atMs);
      }
    }
  }
}

function meet(one: Watched, lifecycle: string, key: string | undefined, atMs: number): void {
  const mark = JSON.stringify([lifecycle, key ?? null]);
  if (one.met.has(mark)) return;
  one.met.add(mark);
  // The Monitor shows keys as JSON text and takes them as values.
  one.lifecycle.otherActed(lifecycle, key === undefined ? undefined : JSON.parse(key), atMs);
}

function keysOf(monitor: LifecycleMonitor, lifecycle: string): string[] {
  return monitor
    .configurations()
    .flatMap((view) => (view.lifecycle === lifecycle && view.key !== undefined ? [view.key] : []));
}

function isIllegal(
  lifecycle: LifecycleMonitor,
  what: { readonly names: readonly string[]; readonly payload: unknown },
): boolean {
  const [name] = what.names;
  return name !== undefined && lifecycle.legalNow({ name, payload: what.payload }) === "illegal";
}

/**
 * The check whose sentence a violation breaks while the kit has kept every rule itself. A close is for the check in
 * whose case it came: only that one knows what else it did to the connection.
 */
function ownerOf(violation: LifecycleViolation, acting: string): string {
  if (violation.clause === "close" || violation.clause === "undecodable") return acting;
  return violation.clause === "refusal" ? "S-CD-01" : "S-SM-01";
}

function expectedBy(violation: LifecycleViolation): string {
  const { lifecycle, key } = violation;
  const where =
    lifecycle === undefined ? "" : ` (lifecycle \`${lifecycle}\`${key === undefined ? "" : ` of ${key}`})`;
  return `${violation.expected}${where}`;
}

function mendOf(violation: LifecycleViolation): string {
  const states = violation.states.map((state) => `\`${state}\``).join(" or ");
  switch (violation.clause) {
    case "event":
      return `Send this event only where the lifecycle has a transition on it; in ${states} that is: ${violation.legal.join(", ") || "no event"}.`;
    case "refusal":
      return "Do not refuse a command that is valid and legal in its state, and refuse each wrong one once.";
    case "answer":
      return "Take the command and show it by the event that the lifecycle has for it, or refuse it with a `state` code.";
    case "obligation":
      return `Leave ${states} by one of ${violation.legal.join(", ")} in the time that the document's obligation gives.`;
    case "undecodable":
      return "Answer each frame that cannot be decoded with the declared refusal.";
    case "close":
      return "Keep the connection open as long as the contract names no reason to close it; refuse what is wrong.";
  }
}

/** A Monitor of a connection that begins when something of the contract is sent or received. */
export function watchedLater(watch: () => ConnectionMonitor): ConnectionMonitor {
  let begun: ConnectionMonitor | undefined;
  const begin = (): ConnectionMonitor => {
    begun ??= watch();
    return begun;
  };
  return {
    get lifecycle() {
      return begin().lifecycle;
    },
    get blocked() {
      return begun?.blocked;
    },
    sent: (...what) => begin().sent(...what),
    received: (...what) => begin().received(...what),
    closed: (info) => begun?.closed(info),
  };
}
