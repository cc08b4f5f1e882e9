/** Who gets an event: as often on each entitled connection as on the others, and on nobody else's (PROTOCOL.md#audience). */

import type { Audience, Endpoint } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { canonicalJson } from "../../src/contract/same-json.js";
import type { Case, CheckContext, ConnectOptions, ReceivedMessage, Tester } from "../check.js";
import { SubjectRefused } from "../interruption.js";
import { excerpt } from "../judge.js";
import type { Failure } from "../property.js";

/** A connection, and from which of its messages on it is compared with others. */
export interface Listener {
  readonly tester: Tester;
  readonly from: number;
}

/** How often the counts are looked at while an event may still be on its way (milliseconds). */
const LOOK_MS = 50;

/**
 * Compares what entitled connections got. An event that one has and another lacks counts once it is older than an answer
 * may take: until then it is waited for. Undefined when all is even, or the stream does not end in time.
 */
export async function unevenness(
  context: CheckContext,
  entry: Audience,
  listeners: readonly Listener[],
): Promise<Failure | undefined> {
  const [first] = listeners;
  if (first === undefined || listeners.length < 2) return undefined;
  const patience = context.answerMs + context.graceMs();
  const deadline = first.tester.now() + 4 * patience;
  for (;;) {
    const open = listeners.filter(({ tester }) => tester.end === undefined);
    const gap = firstGap(entry, open);
    if (gap === undefined || first.tester.now() >= deadline) return undefined;
    if (first.tester.now() - gap.atMs > patience) {
      return {
        verdict: "fail",
        expected: `each event of ${quoted(entry.messages)} as often on each connection that it is for as on the others`,
        got: `${excerpt(gap.text)} came ${times(gap.more.count)} on connection ${gap.more.id} and ${times(gap.fewer.count)} on connection ${gap.fewer.id}`,
        mend: "Give each event to every connection that it is for, each of them once: one send for each member, the one that acted among them.",
      };
    }
    await first.tester.wait(LOOK_MS);
  }
}

interface Gap {
  readonly text: string;
  /** When the event that somebody lacks came. */
  readonly atMs: number;
  readonly more: { readonly id: number; readonly count: number };
  readonly fewer: { readonly id: number; readonly count: number };
}

/** The oldest event that one connection has more often than another. */
function firstGap(entry: Audience, listeners: readonly Listener[]): Gap | undefined {
  const heard = listeners.map(({ tester, from }) => ({
    id: tester.id,
    events: grouped(entry, tester.messages.slice(from)),
  }));
  const keys = new Set(heard.flatMap(({ events }) => [...events.keys()]));
  let oldest: Gap | undefined;
  for (const key of keys) {
    const counts = heard.map(({ id, events }) => ({ id, events: events.get(key) ?? [] }));
    const few = counts.reduce((a, b) => (b.events.length < a.events.length ? b : a));
    for (const { id, events } of counts) {
      // Events that share the fields are matched in their order: the next one is what the other lacks.
      const extra = events[few.events.length];
      if (extra === undefined || (oldest !== undefined && oldest.atMs <= extra.atMs)) continue;
      oldest = {
        text: extra.text,
        atMs: extra.atMs,
        more: { id, count: events.length },
        fewer: { id: few.id, count: few.events.length },
      };
    }
  }
  return oldest;
}

function grouped(
  { messages: names, same }: Audience,
  messages: readonly ReceivedMessage[],
): ReadonlyMap<string, readonly ReceivedMessage[]> {
  const groups = new Map<string, ReceivedMessage[]>();
  for (const message of messages) {
    if (!isAmong(message, names)) continue;
    const fields = same.map((pointer) => valueAt(message.payload, pointer));
    const known = same.length > 0 && !fields.includes(undefined);
    const key = known ? canonicalJson([message.names[0], ...fields]) : message.text;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return groups;
}

/** True when the event can be nothing but one of these messages. */
export function isAmong({ names }: ReceivedMessage, wanted: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => wanted.includes(name));
}

/**
 * An event that reached a connection which it is not for, because it holds what only another connection of the case has
 * sent. (That the others got the same event would not do: what a further case does may have reached them all.)
 */
export function leakTo(
  outsider: Listener,
  about: { readonly messages: readonly string[]; readonly marks: readonly string[]; readonly why: string },
): Failure | undefined {
  const leaked = outsider.tester.messages
    .slice(outsider.from)
    .filter((message) => isAmong(message, about.messages))
    .find(({ text }) => about.marks.some((mark) => text.includes(mark)));
  if (leaked === undefined) return undefined;
  return {
    verdict: "fail",
    expected: `nothing of it on connection ${outsider.tester.id}, ${about.why}`,
    got: excerpt(leaked.text),
    mend: "Look up who an event is for when it is sent: keep a list of members for each address or key, and take who leaves out of it.",
  };
}

/** Connections at other addresses than the case's own, as far as the document knows any and the server takes them. */
export async function openOutsiders(
  context: CheckContext,
  scene: Case,
): Promise<{ readonly otherQuery?: Tester; readonly otherPath?: Tester }> {
  const query = otherQuery(context.endpoint);
  const parameters = otherParameters(context.endpoint, scene.parameters);
  const opened = new Map<string, Tester>();
  for (const [name, options] of [
    ["query", query === undefined ? undefined : { query }],
    ["path", parameters === undefined ? undefined : { parameters }],
  ] as const) {
    const tester = options === undefined ? undefined : await tryConnect(scene, options);
    if (tester !== undefined) opened.set(name, tester);
  }
  const [byQuery, byPath] = [opened.get("query"), opened.get("path")];
  return {
    ...(byQuery === undefined ? {} : { otherQuery: byQuery }),
    ...(byPath === undefined ? {} : { otherPath: byPath }),
  };
}

async function tryConnect(scene: Case, options: ConnectOptions): Promise<Tester | undefined> {
  try {
    const tester = await scene.connect(options);
    // Where the user gave a whole URL every connection has the same address: then there is no outside.
    const [own, other] = [targetOf(scene, 0), targetOf(scene, tester.id)];
    if (tester.end === undefined && own !== undefined && own !== other) return tester;
    tester.close(1000);
    return undefined;
  } catch (error) {
    if (error instanceof SubjectRefused) return undefined;
    throw error;
  }
}

/** The request line of a connection, as the transcript has it. */
function targetOf(scene: Case, connection: number): string | undefined {
  const entry = scene.transcript.find(
    (one) => one.connection === connection && one.kind === "handshake" && one.direction === "sent",
  );
  return entry?.text.split(/\r?\n/, 1)[0];
}

/** Another value for one parameter of the query, where the document lists several. */
function otherQuery({ query }: Endpoint): Readonly<Record<string, string>> | undefined {
  if (query === undefined || typeof query === "boolean") return undefined;
  const { properties } = query;
  if (typeof properties !== "object" || properties === null) return undefined;
  for (const [name, schema] of Object.entries(properties)) {
    if (typeof schema !== "object" || schema === null) continue;
    const { default: preset, enum: choices, examples } = schema;
    const values = Array.isArray(choices) ? choices : Array.isArray(examples) ? examples : [];
    const used: unknown = preset ?? values[0];
    const other: unknown = values.find((value) => value !== used);
    if (typeof other === "string") return { [name]: other };
  }
  return undefined;
}

/** Another value for one parameter of the address. */
function otherParameters(
  { parameters }: Endpoint,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  for (const [name, parameter] of Object.entries(parameters)) {
    const other = [...(parameter.examples ?? []), ...(parameter.enum ?? [])].find(
      (value) => value !== own[name],
    );
    if (other !== undefined) return { [name]: other };
  }
  return undefined;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function times(count: number): string {
  return count === 0 ? "not at all" : count === 1 ? "once" : `${count} times`;
}
