/** C-RC-09: after a reconnect the client brings back what stood, once each, before anything else, and not what has ended. */
import { jsonAt } from "../../src/arbitrary/speech/compose.js";
import { firstValues } from "../../src/arbitrary/speech/exchanges.js";
import { pathTo } from "../../src/arbitrary/speech/plan.js";
import type { Json, Lifecycle, Pointer } from "../../src/contract/contract.js";
import { sameJson } from "../../src/contract/same-json.js";
import { fillingOf } from "../exchange.js";
import { excerpt } from "../judge.js";
import { ordinaryPayload, withValue } from "../payloads.js";
import { type CaseOutcome, type Failure, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, Peer, ReceivedCommand } from "./check.js";
import { credentialsForgotten } from "./kept-credentials.js";
import { forgetPast, type Meeting, meet } from "./meeting.js";
import { delayWindow, knowsOfEnd, nextAttempt, type ScaledWindow } from "./reconnecting.js";
import { take, waysOf } from "./ways.js";
import { commandsAtOpen } from "./while-waiting.js";
import { pongWitness } from "./witness.js";

/** The connection is lost so often: what is restored twice, or only the first time, shows in the second. */
const RECONNECTS = 2;

/** So many instances are begun where there may be several; the second of them ends before the connection does. */
const INSTANCES = 3;

/** A client that nobody steers is given so long to begin something by itself (milliseconds). */
const LISTEN_MS = 5000;

/** How often a script looks at what has come (milliseconds). */
const LOOK_MS = 10;

/** Events that lead an instance on at most. */
const STEPS = 8;

/** What is restored: the instances of a lifecycle that are in one of these states, by this command. */
interface Row {
  readonly lifecycle: Lifecycle;
  readonly by: string;
  readonly living: ReadonlySet<string>;
}

/** One instance; without a key where its lifecycle has only one. */
interface Instance {
  readonly row: Row;
  readonly key: Json | undefined;
}

/** C-RC-09. */
export const restored: ClientCheck = {
  id: "C-RC-09",
  shortestMs: (context) => delaysOf(context).reduce((sum, ms) => sum + ms, 0),
  async run(context) {
    const delays = delaysOf(context);
    if (delays.length === 0) {
      return { verdict: "not-applicable", reason: "the policy makes no attempt", cases: 0 };
    }
    const property = await runProperty(context, {
      label: "restored",
      examples: [delays.length],
      waits: true,
      script: (count, scene: ClientCase) => lose(context, scene, count),
    });
    return resultOf(property, {
      pass: `after each of ${delays.length} reconnects what stood was restored once, before anything else, and nothing that had ended`,
      ...(context.reports
        ? {}
        : { notes: ["no driver: only what the client began by itself was looked at"] }),
    });
  },
};

/** The longest delay of each attempt (milliseconds, scaled): a connection may last long enough here, or not. */
function delaysOf(context: Pick<ClientContext, "endpoint" | "scaled">): readonly number[] {
  const { resetAfterMs = 0 } = context.endpoint.reconnect ?? {};
  return Array.from({ length: RECONNECTS }, (_, n) =>
    delayWindow(context, resetAfterMs === 0 ? 0 : n),
  ).flatMap((window) => window?.maxMs ?? []);
}

/** The rows of the document, those about the same command together, in their order. */
function rowsOf({ endpoint }: ClientContext): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const { by, in: states, lifecycle: name } of endpoint.reconnect?.restore ?? []) {
    const lifecycle = endpoint.lifecycles.find((one) => one.name === name);
    if (lifecycle === undefined) continue;
    const known = rows.get(`${name}\n${by}`)?.living ?? [];
    rows.set(`${name}\n${by}`, { lifecycle, by, living: new Set([...known, ...states]) });
  }
  return [...rows.values()];
}

async function lose(context: ClientContext, scene: ClientCase, count: number): Promise<CaseOutcome> {
  const { reports } = context;
  // Who is steered is answered by the script alone; a client of its own will may need answers before it begins.
  const obliging = { commands: !reports };
  const met = await meet(context, scene, { obliging });
  if ("missing" in met) return met.missing;
  await forgetPast(context, scene);
  const rows = rowsOf(context);
  const spoken = met.peer.commands.flatMap(({ names }) => names);
  const begun = reports ? await begin(context, scene, met, rows) : await listen(context, met.peer, rows);
  if ("missing" in begun) return begun.missing;
  const prelude = new Set(reports ? spoken : namesBefore(met.peer, rows));
  let { peer } = met;
  for (let turn = 0; turn < count; turn += 1) {
    const witness = await pongWitness(context, scene, peer);
    const due = begun.instances.filter((one) => isLiving(peer, one));
    if (!witness.ok || due.length === 0) {
      const reason = `nothing stood that is to be restored${turn === 0 ? "" : " when the connection was lost again"}`;
      return { verdict: turn === 0 ? "untestable" : "inconclusive", reason };
    }
    const window = delayWindow(context, context.endpoint.reconnect?.resetAfterMs === 0 ? 0 : turn);
    if (window === undefined) break;
    const request = peer.attempt.requested;
    const known = met.client.told.length;
    peer.destroy();
    const since = scene.now();
    if (reports && turn === 0) await askMeanwhile(context, scene, met, rows, window, known);
    const arrival = await nextAttempt(context, scene, window, since);
    if (arrival.kind === "none") return { verdict: "blocked", by: turn === 0 ? "C-RC-01" : "C-RC-02" };
    const next = await arrival.attempt.accept({ obliging });
    if (next === undefined) return { verdict: "inconclusive", reason: "the client gave its attempt up" };
    peer = next;
    const forgotten = credentialsForgotten(request, next.attempt.requested);
    if (forgotten !== undefined) return forgotten;
    const said = await hear(context, scene, peer, due);
    const wrong = judge(context, said, {
      due,
      ended: begun.instances.filter((one) => !due.includes(one)),
      prelude,
    });
    if (wrong !== undefined) return wrong;
    for (const one of reports ? due : []) leadTo(peer, one, (state) => one.row.living.has(state));
  }
  return { verdict: "pass" };
}

interface Begun {
  readonly instances: readonly Instance[];
}

/** Has the client begin instances, and lets one of several end. */
async function begin(
  context: ClientContext,
  scene: ClientCase,
  met: Meeting,
  rows: readonly Row[],
): Promise<Begun | { readonly missing: CaseOutcome }> {
  const { client, peer } = met;
  if (context.endpoint.protocol.first) {
    await client.next(({ kind }) => kind === "event", context.answerMs, 0);
  }
  const instances: Instance[] = [];
  for (const row of rows) {
    const { scope } = row.lifecycle;
    for (let number = 0; number < (scope === "connection" ? 1 : INSTANCES); number += 1) {
      const payload = payloadOf(context, scene, row, number);
      if (payload === undefined) break;
      if (!peer.allows(row.by, payload)) {
        await take(context, scene, met, waysOf(context).get(row.by)?.slice(0, -1) ?? []);
      }
      const from = peer.commands.length;
      client.send(row.by, payload);
      const isIt = (one: ReceivedCommand): boolean =>
        one.names.includes(row.by) && sameJson(one.payload, payload);
      if ((await peer.next(isIt, context.answerMs, from)) === undefined) break;
      const one = { row, key: keyIn(row, payload) };
      const before = stateOf(peer, one);
      const isToEnd = number === 1;
      const ended = (state: string): boolean => !row.living.has(state) && state !== before;
      if (!isToEnd || !leadTo(peer, one, ended)) leadTo(peer, one, (state) => row.living.has(state));
      instances.push(one);
      // The client is asked again once it has heard what became of this one.
      await pongWitness(context, scene, peer);
    }
  }
  if (instances.length > 0) return { instances };
  return {
    missing: { verdict: "untestable", reason: "the client cannot be brought to begin what is restored" },
  };
}

/** Waits for what a client begins by itself; of several one is led to its end, where events alone lead there. */
async function listen(
  context: ClientContext,
  peer: Peer,
  rows: readonly Row[],
): Promise<Begun | { readonly missing: CaseOutcome }> {
  const isOne = ({ names }: ReceivedCommand): boolean => rows.some(({ by }) => names.includes(by));
  if ((await peer.next(isOne, LISTEN_MS, 0)) === undefined) {
    const reason = `the client began nothing by itself that is restored (${rows.map(({ by }) => by).join(", ")})`;
    return { missing: { verdict: "untestable", reason } };
  }
  await peer.ended(context.quietMs());
  const instances = instancesIn(peer.commands, rows);
  const living = instances.filter((one) => isLiving(peer, one));
  const last = living.at(-1);
  if (last !== undefined && living.length > 1) leadTo(peer, last, (state) => !last.row.living.has(state));
  return { instances };
}

/** The instances that some commands have begun, each once. */
function instancesIn(commands: readonly ReceivedCommand[], rows: readonly Row[]): readonly Instance[] {
  const found: Instance[] = [];
  for (const command of commands) {
    const one = instanceOf(command, rows);
    if (one !== undefined && !found.some((known) => isSame(known, one))) found.push(one);
  }
  return found;
}

function instanceOf({ names, payload }: ReceivedCommand, rows: readonly Row[]): Instance | undefined {
  const row = rows.find(({ by }) => names.includes(by));
  return row === undefined ? undefined : { row, key: keyIn(row, payload) };
}

function isSame(a: Instance, b: Instance): boolean {
  return a.row === b.row && (a.key === undefined ? b.key === undefined : sameJson(a.key, b.key));
}

function keyIn({ lifecycle: { scope } }: Row, payload: unknown): Json | undefined {
  return scope === "connection" ? undefined : jsonAt(payload, scope.key);
}

function stateOf(peer: Peer, { row, key }: Instance): string | undefined {
  return peer.state(row.lifecycle.name, key);
}

function isLiving(peer: Peer, one: Instance): boolean {
  const state = stateOf(peer, one);
  return state !== undefined && one.row.living.has(state);
}

/** A payload of the command, with a key that no other instance of the case has. */
function payloadOf(
  { judge, seed }: ClientContext,
  scene: ClientCase,
  { by, lifecycle: { scope } }: Row,
  number: number,
): Json | undefined {
  const bare = ordinaryPayload(judge, by, fillingOf(scene), seed + number);
  if (bare === undefined || scope === "connection") return bare;
  const at: Pointer = scope.key;
  const keys: readonly Json[] = [
    scene.identity.replace(/.$/, String(number)),
    `wireproof-${scene.identity.slice(0, 8)}-${number}`,
    1000 + number,
  ];
  for (const key of keys) {
    const payload = withValue(bare, at, key);
    if (payload !== undefined && judge.commands.validate(by, payload) === undefined) return payload;
  }
  return undefined;
}

/** Says events until an instance is where it is wanted; false where none leads there. */
function leadTo(peer: Peer, one: Instance, fits: (state: string) => boolean): boolean {
  const { key, row } = one;
  const { lifecycle } = row;
  const events = new Set(lifecycle.transitions.flatMap(({ on }) => on));
  events.delete(row.by);
  for (let step = 0; step < STEPS; step += 1) {
    const state = stateOf(peer, one);
    if (state === undefined || peer.end !== undefined) return false;
    if (fits(state)) return true;
    const [move] = pathTo(lifecycle, state, events, fits) ?? [];
    if (move === undefined) return false;
    const values = new Map<Pointer, Json>(firstValues(move.transition.when));
    if (lifecycle.scope !== "connection" && key !== undefined) values.set(lifecycle.scope.key, key);
    const payload = peer.compose(move.event, values);
    if (payload === undefined || !peer.allows(move.event, payload)) return false;
    peer.event(move.event, payload);
  }
  return false;
}

/** What the client sent before the first that is restored: it may be what authenticates the connection. */
function namesBefore({ commands }: Peer, rows: readonly Row[]): readonly string[] {
  const at = commands.findIndex((one) => instanceOf(one, rows) !== undefined);
  return commands.slice(0, Math.max(0, at)).flatMap(({ names }) => names);
}

/** Where commands wait for the next connection one is given to wait: it must come behind what is restored. */
async function askMeanwhile(
  context: ClientContext,
  scene: ClientCase,
  { client }: Meeting,
  rows: readonly Row[],
  window: ScaledWindow,
  from: number,
): Promise<void> {
  if (context.endpoint.reconnect?.offline !== "queue") return;
  const [command] = (commandsAtOpen(context) ?? []).filter(({ name }) => rows.every(({ by }) => by !== name));
  if (command === undefined) return;
  // Until it knows of the end it would hand the command to a connection that is none.
  if (!(await knowsOfEnd(scene, client, window, from))) return;
  client.send(command.name, command.payload);
}

/** What comes on the new connection: waits for what is due, then whether more follows. */
async function hear(
  context: ClientContext,
  scene: ClientCase,
  peer: Peer,
  due: readonly Instance[],
): Promise<readonly ReceivedCommand[]> {
  const until = scene.now() + context.answerMs + context.graceMs();
  const isThere = (one: Instance): boolean =>
    instancesIn(peer.commands, [one.row]).some((found) => isSame(found, one));
  while (!due.every(isThere) && peer.end === undefined && scene.now() < until) await scene.wait(LOOK_MS);
  await peer.ended(context.quietMs());
  return [...peer.commands];
}

interface Wanted {
  readonly due: readonly Instance[];
  readonly ended: readonly Instance[];
  /** Names of commands that may come first: they may be what authenticates. */
  readonly prelude: ReadonlySet<string>;
}

const MEND =
  "Remember what stands on a connection, and when the next one is ready send each of it again, once, before anything that the application asks for.";

/** What is wrong with what came, if anything is. */
function judge(
  { endpoint }: ClientContext,
  commands: readonly ReceivedCommand[],
  { due, ended, prelude }: Wanted,
): Failure | undefined {
  const rows = [...new Set(due.map(({ row }) => row))];
  const allRows = [...new Set([...due, ...ended].map(({ row }) => row))];
  // A beat stands in no line: the heart keeps its own time.
  const said = commands.filter(({ names }) => !names.includes(endpoint.heartbeat?.ping ?? ""));
  const places = due.map((one) => said.flatMap((command, at) => (is(command, one) ? [at] : [])));
  const expected = `${due.map(named).join(", ")}: once each, before anything else`;
  const got =
    said.length === 0
      ? "no command"
      : said
          .slice(0, 8)
          .map(({ text }) => excerpt(text))
          .join(" · ");
  const failure = (reason: string): Failure => ({ verdict: "fail", reason, expected, got, mend: MEND });

  const missing = due.find((_, index) => places[index]?.length === 0);
  if (missing !== undefined) return failure(`${named(missing)} was not restored`);
  const twice = due.find((_, index) => (places[index]?.length ?? 0) > 1);
  if (twice !== undefined) return failure(`${named(twice)} was restored more than once`);
  const raised = ended.find((one) => said.some((command) => is(command, one)));
  if (raised !== undefined) return failure(`${named(raised)} had ended, and was restored`);
  const last = Math.max(...places.flat());
  const before = said
    .slice(0, last)
    .find(
      (command) =>
        instanceOf(command, allRows) === undefined && !command.names.some((name) => prelude.has(name)),
    );
  if (before !== undefined) {
    return failure(`"${before.names[0] ?? excerpt(before.text)}" came before what is restored`);
  }
  const order = due.map(({ row }, index) => ({ row: rows.indexOf(row), at: places[index]?.[0] ?? 0 }));
  const inOrder = [...order]
    .sort((a, b) => a.at - b.at)
    .every(({ row }, index, all) => row >= (all[index - 1]?.row ?? 0));
  return inOrder ? undefined : { ...failure("it was not restored in the declared order"), verdict: "warn" };

  function is(command: ReceivedCommand, one: Instance): boolean {
    const found = instanceOf(command, allRows);
    return found !== undefined && isSame(found, one);
  }
}

function named({ key, row }: Instance): string {
  return key === undefined ? `"${row.by}"` : `"${row.by}" for ${JSON.stringify(key)}`;
}
