/** Pairs of endpoints of which one came from the other by some edits, and frames that tell whether a diff of them is right. */

import fc from "fast-check";
import { UnsatisfiableError } from "../../arbitrary/bounded-filter.js";
import { validPayload } from "../../arbitrary/valid-payload.js";
import type { Contract, Direction, Endpoint, Json, JsonSchema, Message } from "../contract.js";
import { messagesOf } from "../discriminate.js";
import { declareDiscriminator, inferDiscriminator, undiscriminated } from "../infer-discriminator.js";
import { inlineEndpoint } from "../inline-endpoint.js";
import { isObject } from "../pointer.js";
import { createOracle, SchemaError } from "../validate.js";
import type { diffContracts } from "./diff.js";
import { DEFINITIONS, Dice, drawObject, type Effort, editSchema, isNoise } from "./test-containment.js";

const TAGS = ["red", "green", "blue", "black"] as const;
const WAYS = ["declared", "inferred", "none"] as const;

interface Draft {
  readonly way: (typeof WAYS)[number];
  readonly direction: Direction;
  readonly unknown: "ignore" | "error" | undefined;
  readonly messages: Readonly<Record<string, JsonSchema>>;
}

/** What a run of the property has seen. */
export interface EndpointRun {
  pairs: number;
  compatible: number;
  frames: number;
  /** How often a frame shows the fault of a diff that forgets a rule: the only one that it found. */
  readonly needed: Map<string, number>;
  /** Frames that a reader refuses although the diff calls the change compatible. */
  readonly counterexamples: string[];
}

/** Draws pairs of endpoints, and tries what a diff says of them on frames. */
export function tryEndpoints(diff: typeof diffContracts, { pairs, seed }: Effort): EndpointRun {
  const dice = new Dice(seed);
  const run: EndpointRun = { pairs: 0, compatible: 0, frames: 0, needed: new Map(), counterexamples: [] };
  while (run.pairs < pairs) {
    const before = drawDraft(dice);
    let after = before;
    for (let edits = 1 + dice.roll(2); edits > 0; edits--) after = editDraft(dice, after);
    const [old, next] = dice.once(2) ? [before, after] : [after, before];
    run.pairs++;
    tryPair(diff, [old, next], dice.roll(1e9), run);
  }
  return run;
}

function tryPair(
  diff: typeof diffContracts,
  [old, next]: readonly [Draft, Draft],
  seed: number,
  run: EndpointRun,
): void {
  const [before, now] = [contractOf(old), contractOf(next)];
  const { changes } = diff(before, now);
  const rules = [...new Set(changes.flatMap(({ effect, rule }) => (effect === "compatible" ? [] : [rule])))];
  if (rules.length > 1) return;
  const [only] = rules;
  if (only === undefined) run.compatible++;
  const { direction } = old;
  const [writer, reader] = direction === "command" ? [before, now] : [now, before];
  const [from, to] = [writer.endpoints[0], reader.endpoints[0]];
  if (from === undefined || to === undefined) return;
  const [written, read] = [createOracle(writer, from, direction), createOracle(reader, to, direction)];
  for (const message of messagesOf(from, direction)) {
    for (const value of valuesOf(message, seed)) {
      try {
        const said = written.judgeValue(value);
        if (!said.ok || !said.messages.includes(message.name)) continue;
        if (isNoise(value, { schema: message.payload, definitions: DEFINITIONS })) continue;
        run.frames++;
        const heard = read.judgeValue(value);
        // What old clients do with an event that they do not know is declared, and the diff says what comes of it.
        const ignored = direction === "event" && old.unknown !== "error";
        if (heard.ok || (ignored && heard.error.code === "unknown-message")) continue;
        if (only !== undefined) run.needed.set(only, (run.needed.get(only) ?? 0) + 1);
        else
          run.counterexamples.push(
            [old, next, value, heard.error].map((part) => JSON.stringify(part)).join("\n  "),
          );
        return;
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error;
      }
    }
  }
}

function valuesOf(message: Message, seed: number): Json[] {
  try {
    return fc.sample(validPayload(message.payload, DEFINITIONS), { numRuns: 8, seed });
  } catch (error) {
    if (error instanceof UnsatisfiableError) return [];
    throw error;
  }
}

function drawDraft(dice: Dice): Draft {
  const way = dice.pick(WAYS);
  const names = TAGS.slice(0, 1 + dice.roll(3));
  return {
    way,
    direction: dice.pick(["command", "event"]),
    unknown: dice.once(3) ? undefined : dice.pick(["ignore", "error"]),
    messages: Object.fromEntries(
      names.map((name) => [name, drawMessage(dice, name, !(way === "none" && dice.once(2)))]),
    ),
  };
}

function drawMessage(dice: Dice, tag: string, tagged: boolean): JsonSchema {
  const drawn = drawObject(dice, 1);
  if (!tagged) return drawn;
  const properties = isObject(drawn["properties"]) ? drawn["properties"] : {};
  const required = Array.isArray(drawn["required"]) ? drawn["required"] : [];
  return {
    ...drawn,
    required: dice.once(8) ? required : [...new Set(["kind", ...required])],
    properties: { ...properties, kind: dice.once(6) ? { enum: [tag, `${tag}er`] } : { const: tag } },
  };
}

function editDraft(dice: Dice, draft: Draft): Draft {
  const names = Object.keys(draft.messages);
  const name = dice.pick(names);
  const schema = draft.messages[name] ?? true;
  const free = TAGS.find((tag) => !names.includes(tag)) ?? "grey";
  const { [name]: _gone, ...others } = draft.messages;
  const edits: (() => Draft)[] = [
    () => ({ ...draft, messages: { ...draft.messages, [name]: editSchema(dice, schema) } }),
    () => ({ ...draft, messages: { ...draft.messages, [free]: drawMessage(dice, free, true) } }),
    () => ({ ...draft, messages: { ...others, [free]: schema } }),
    () => ({ ...draft, messages: { ...draft.messages, [name]: drawMessage(dice, free, true) } }),
    () => ({ ...draft, way: dice.pick(WAYS) }),
    () => ({ ...draft, messages: Object.fromEntries(Object.entries(draft.messages).reverse()) }),
  ];
  if (names.length > 1) edits.push(() => ({ ...draft, messages: others }));
  return dice.pick(edits)();
}

function contractOf({ way, direction, unknown, messages }: Draft): Contract {
  const list = Object.entries(messages).map(([name, payload]) => ({ name, payload }));
  const discriminator =
    way === "none"
      ? undiscriminated(list)
      : way === "inferred"
        ? inferDiscriminator(list, DEFINITIONS)
        : declareDiscriminator(["/kind"], list, DEFINITIONS, ({ name }) => name);
  const endpoint: Endpoint = inlineEndpoint({
    [direction === "command" ? "commands" : "events"]: messages,
    definitions: DEFINITIONS,
    protocol: {
      [direction === "command" ? "receive" : "send"]: discriminator,
      ...(unknown === undefined ? {} : { unknown: { send: unknown, receive: "error" } }),
    },
  });
  return {
    format: 1,
    title: "Drawn",
    version: "1.0.0",
    asyncapi: "3.1.0",
    sha256: "0".repeat(64),
    perspective: "server",
    endpoints: [endpoint],
    definitions: DEFINITIONS,
  };
}
