/** C-CD-03 and C-CD-07: events of an unknown name, with further fields, or named by a field that names nothing here. */
import { withoutValue } from "../../src/arbitrary/speech/compose.js";
import type { Endpoint, Json, Pointer } from "../../src/contract/contract.js";
import { EVENT_FIELD } from "../../src/contract/discriminate.js";
import { isObject, parsePointer, valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import type { DecodeErrorCode } from "../../src/wire/protocol.js";
import { declaredField, excerpt, frameText, type Judge } from "../judge.js";
import { withValue } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext, SentText } from "./check.js";
import { meet } from "./meeting.js";
import { comesThrough } from "./survival.js";
import { eventPayloads, type OrdinaryEvent, unaskedEvent } from "./witness.js";

/** A text that is sent, and what it is. */
interface OddEvent {
  readonly label: string;
  readonly text: string;
  readonly kind: SentText;
  /** It takes the place of the declared first event. */
  readonly opens: boolean;
}

const show = ({ label, text }: OddEvent): Json => ({ what: label, frame: excerpt(text) });

/** C-CD-03. */
export const newInEvents: ClientCheck = {
  id: "C-CD-03",
  smoke: true,
  safe: true,
  async run(context) {
    const examples = [...unknownEvents(context), ...widerEvents(context)];
    if (examples.length === 0) {
      return {
        verdict: "not-applicable",
        reason: "the document ignores no unknown event, and no event that may come unasked is open",
        cases: 0,
      };
    }
    const property = await runProperty(context, {
      label: "something new",
      examples,
      show,
      script: (odd, scene: ClientCase) => keeps(context, scene, odd),
    });
    return resultOf(property, { pass: "events with something new in them did not end the connection" });
  },
};

async function keeps(context: ClientContext, scene: ClientCase, odd: OddEvent): Promise<CaseOutcome> {
  const met = await meet(context, scene, odd.opens ? { obliging: { first: false } } : undefined);
  if ("missing" in met) return met.missing;
  met.peer.text(odd.text, odd.kind);
  return (await comesThrough(context, scene, met, odd.label)) ?? { verdict: "pass" };
}

/** Events under names that no event has; none where the document does not say that they are ignored. */
function unknownEvents({ endpoint, judge }: ClientContext): OddEvent[] {
  const [field] = endpoint.protocol.send.fields;
  const [first] = validEvents(judge);
  if (endpoint.protocol.unknown?.send !== "ignore" || field === undefined || first === undefined) return [];
  const commands = endpoint.protocol.receive.rows.flatMap((row) => row.values[0] ?? []);
  const names = ["no-such-event", ...commands.filter((name) => typeof name === "string").slice(0, 1)];
  return names.flatMap((name): OddEvent[] => {
    const text = named(endpoint, field, first.payload, name);
    if (text === undefined || !isRefusedAs(judge, text, "unknown-message")) return [];
    return [
      {
        label: `an event of the unknown name ${JSON.stringify(name)}`,
        text,
        kind: "undecodable",
        opens: false,
      },
    ];
  });
}

/** Name of a field that no document has. */
const FURTHER = "wireproof-further";

/** Events that are due or may come unasked, with a field more than the document knows. */
function widerEvents({ endpoint, judge }: ClientContext): OddEvent[] {
  const { first } = endpoint.protocol;
  const opening = validEvents(judge).find(({ name }) => name === first?.message);
  const unasked = unaskedEvent(judge);
  const due: readonly (OrdinaryEvent & Pick<OddEvent, "kind" | "opens">)[] = [
    ...(opening === undefined ? [] : [{ ...opening, kind: "event", opens: true } as const]),
    ...(unasked === undefined || unasked.name === opening?.name
      ? []
      : [{ ...unasked, kind: "event", opens: false } as const]),
  ];
  // A stray answer is not to end the connection either (PROTOCOL.md#replies-4), whatever fields it has.
  const stray = validEvents(judge)
    .slice(0, 1)
    .map((event) => ({ ...event, kind: "anything", opens: false }) as const);
  const atHand = due.length > 0 ? due : stray;
  return atHand.flatMap(({ kind, name, opens, payload }) =>
    objectsIn(payload).flatMap((pointer): OddEvent[] => {
      const wider = withValue(payload, `${pointer}/${FURTHER}`, { new: [1, null] });
      if (wider === undefined) return [];
      const text = frameText(endpoint, name, wider, "event");
      const judged = judge.events.judge(text);
      if (!judged.ok || !judged.messages.includes(name)) return [];
      const where = pointer === "" ? "" : ` in ${pointer}`;
      return [{ label: `a further field${where} of "${name}"`, text, kind, opens }];
    }),
  );
}

/** The payload, and the objects directly in it. */
function objectsIn(payload: Json): Pointer[] {
  if (!isObject(payload)) return [];
  return [
    "",
    ...Object.entries(payload).flatMap(([key, member]) =>
      isObject(member) && !/[~/]/.test(key) ? [`/${key}`] : [],
    ),
  ];
}

/** C-CD-07. */
export const misnamedEvents: ClientCheck = {
  id: "C-CD-07",
  smoke: true,
  async run(context) {
    const examples = renamed(context);
    if (examples.length === 0) {
      return {
        verdict: "not-applicable",
        reason: "no event can be named by another field: `never` is empty and both directions share theirs",
        cases: 0,
      };
    }
    const property = await runProperty(context, {
      label: "event named by a foreign field",
      examples,
      show,
      script: (odd, scene: ClientCase) => tells(context, scene, odd),
    });
    return resultOf(property, {
      pass: context.reports
        ? `each was reported as ${WRONG_FIELD}, not delivered, and the connection kept`
        : "none ended the connection",
      ...(context.reports
        ? {}
        : {
            notes: [
              `no driver: whether such events are reported as ${WRONG_FIELD}, and not delivered, was not judged`,
            ],
          }),
    });
  },
};

const WRONG_FIELD: DecodeErrorCode = "wrong-discriminator";

async function tells(context: ClientContext, scene: ClientCase, odd: OddEvent): Promise<CaseOutcome> {
  const met = await meet(context, scene);
  if ("missing" in met) return met.missing;
  const { client, peer } = met;
  const from = client.told.length;
  peer.text(odd.text, odd.kind);
  if (client.reports) {
    const told = await client.next((report) => report.kind === "error", context.answerMs, from);
    const failure = wronglyTold(context, odd, told?.kind === "error" ? told.code : undefined);
    if (failure !== undefined && client.gone === undefined) return failure;
  }
  const lost = await comesThrough(context, scene, met, odd.label);
  if (lost !== undefined) return lost;
  const payload = sentPayload(context.endpoint, odd.text);
  const delivered = client.told
    .slice(from)
    .some((report) => report.kind === "event" && sameJson(report.payload, payload));
  if (!delivered) return { verdict: "pass" };
  return {
    verdict: "fail",
    reason: "an event named by another field was delivered",
    expected: `${odd.label} is reported as ${WRONG_FIELD}, and not delivered`,
    got: `it was delivered as an event: ${excerpt(odd.text)}`,
    mend: MEND,
  };
}

const MEND =
  "Read the name from the declared field alone. Where that is absent and another channel's field is there, report wrong-discriminator and name both fields.";

function wronglyTold(
  { endpoint }: ClientContext,
  odd: OddEvent,
  code: string | undefined,
): CaseOutcome | undefined {
  if (code === WRONG_FIELD) return undefined;
  return {
    verdict: "fail",
    reason:
      code === undefined ? `${odd.label} vanished: nothing was reported` : `${odd.label} was called ${code}`,
    expected: `a report of ${WRONG_FIELD}: this channel names its events by \`${declaredField(endpoint, "event")}\``,
    got: code === undefined ? "no report of a fault" : `a report of ${code}`,
    mend: MEND,
  };
}

function sentPayload(endpoint: Endpoint, text: string): unknown {
  const value: unknown = JSON.parse(text);
  return endpoint.protocol.transport === "socket.io" && Array.isArray(value) ? value[1] : value;
}

/** Valid events whose name has moved to a field that names nothing in this direction. */
function renamed({ endpoint, judge }: ClientContext): OddEvent[] {
  const [field] = endpoint.protocol.send.fields;
  const [other] = endpoint.protocol.receive.fields;
  if (field === undefined || field === EVENT_FIELD) return [];
  const foreign = [
    ...(other === undefined || other === EVENT_FIELD ? [] : [other]),
    ...endpoint.protocol.never,
  ].map((name) => (name.startsWith("/") ? name : `/${name}`));
  return validEvents(judge).flatMap(({ name, payload }) =>
    [...new Set(foreign)].flatMap((wrong): OddEvent[] => {
      const value = valueAt(payload, field);
      const bare = withoutValue(payload, field);
      if (typeof value !== "string" || valueAt(bare, wrong) !== undefined) return [];
      const moved = withValue(bare, wrong, value);
      if (moved === undefined) return [];
      const text = frameText(endpoint, name, moved, "event");
      if (!isRefusedAs(judge, text, WRONG_FIELD)) return [];
      const [is, due] = [parsePointer(wrong).at(-1), parsePointer(field).at(-1)];
      return [
        { label: `"${name}" named by \`${is}\` for \`${due}\``, text, kind: "undecodable", opens: false },
      ];
    }),
  );
}

/** A payload of each event that travels as text, where one can be made. */
export function validEvents(judge: Judge): OrdinaryEvent[] {
  const { endpoint } = judge;
  return endpoint.events.flatMap((message): OrdinaryEvent[] => {
    if (message.binary || message.acknowledgement) return [];
    for (const payload of eventPayloads(judge, message)) {
      const judged = judge.events.judge(frameText(endpoint, message.name, payload, "event"));
      if (judged.ok && judged.messages.includes(message.name)) return [{ name: message.name, payload }];
    }
    return [];
  });
}

function named(endpoint: Endpoint, field: string, payload: Json, name: string): string | undefined {
  if (field === EVENT_FIELD) return JSON.stringify([name, payload]);
  const value = withValue(payload, field, name);
  return value === undefined ? undefined : frameText(endpoint, "", value, "event");
}

function isRefusedAs(judge: Judge, text: string, code: DecodeErrorCode): boolean {
  const result = judge.events.judge(text);
  return !result.ok && result.error.code === code;
}
