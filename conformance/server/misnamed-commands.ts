/** S-CD-05 and S-CD-10: commands whose name is unknown, missing, or written in a field that names nothing here. */

import type { Endpoint, Json, Pointer } from "../../src/contract/contract.js";
import { EVENT_FIELD } from "../../src/contract/discriminate.js";
import { isObject, parsePointer, valueAt } from "../../src/contract/pointer.js";
import type { DecodeErrorCode } from "../../src/wire/protocol.js";
import type { Check, CheckContext } from "../check.js";
import { declaredField, excerpt, frameText } from "../judge.js";
import { withValue } from "../payloads.js";
import { resultOf, runProperty } from "../property.js";
import { notApplicable, quietNote } from "./blame.js";
import { commandSource } from "./commands.js";
import { type BadFrame, refusalScript, showBadFrame } from "./refusal.js";

/** S-CD-05: an unknown command, and one without a name, get what the document declares. */
export const unknownCommands: Check = {
  id: "S-CD-05",
  smoke: true,
  async run(context) {
    const { endpoint } = context;
    const unknown = endpoint.protocol.unknown?.receive;
    const field = outerField(endpoint);
    if (unknown === undefined) return notApplicable("the document does not declare `unknown.receive`");
    if (field === undefined) return notApplicable("no field names the commands of this channel");
    if (unknown === "error" && endpoint.protocol.reject === undefined) {
      return notApplicable("the document declares no `reject`: what a refusal looks like is unknown");
    }
    const examples = [...nameless(context, field), ...misnamed(context, field)];
    const property = await runProperty(context, {
      label: "misnamed command",
      examples,
      show: showBadFrame,
      script: (bad, scene) => refusalScript(context, scene, "S-CD-05", bad),
    });
    return resultOf(property, {
      pass: unknown === "error" ? "each was refused with a payload code" : "each was ignored",
      notes: [quietNote(context)],
    });
  },
};

/** S-CD-10: a valid command, but for its name that stands in a field that other channels use. */
export const foreignFields: Check = {
  id: "S-CD-10",
  async run(context) {
    const { endpoint } = context;
    const { protocol } = endpoint;
    const field = outerField(endpoint);
    if (protocol.unknown?.receive !== "error" || protocol.reject === undefined) {
      return notApplicable("the document does not declare `unknown.receive: error` with a `reject`");
    }
    if (field === undefined || field === EVENT_FIELD)
      return notApplicable("no field names the commands of this channel");
    const others: { readonly code: unknown; readonly text: string }[] = [];
    const examples = renamed(context, field, (code, text) => others.push({ code, text }));
    if (examples.length === 0) {
      return notApplicable(
        "no other field names messages: `never` is empty and both directions share their field",
      );
    }
    const property = await runProperty(context, {
      label: "command named by a foreign field",
      examples,
      show: showBadFrame,
      script: (bad, scene) => refusalScript(context, scene, "S-CD-10", bad),
    });
    const result = resultOf(property, {
      pass: "each was refused with a payload code and without effect",
      notes: [quietNote(context)],
    });
    const [other] = others;
    if (result.verdict !== "pass" || other === undefined || !protocol.reject.payload.includes(WRONG_FIELD)) {
      return result;
    }
    return {
      ...result,
      verdict: "warn",
      reason: `refused, but not with the code "${WRONG_FIELD}", which alone says what to mend`,
      expected: `the code "${WRONG_FIELD}"`,
      got: `${JSON.stringify(other.code)}: ${other.text}`,
      mend: `This channel names its commands with \`${declaredField(endpoint, "command")}\`: say "${WRONG_FIELD}" when it is absent and another channel's field is there.`,
    };
  },
};

const WRONG_FIELD: DecodeErrorCode = "wrong-discriminator";

/** The declared outer field of commands, as a pointer or `$event`. */
function outerField(endpoint: Endpoint): string | undefined {
  const { origin, fields } = endpoint.protocol.receive;
  return origin === "declared" ? fields[0] : undefined;
}

interface Valid {
  readonly name: string;
  readonly payload: Json;
}

/** One valid payload of each command. */
function validCommands(context: CheckContext): Valid[] {
  const source = commandSource(context.judge, context.seed);
  return source.names.flatMap((name) => source.variants(name).slice(0, 1));
}

/** Commands under a name that no command has. */
function misnamed(context: CheckContext, field: string): BadFrame[] {
  const { endpoint } = context;
  const ignored = endpoint.protocol.unknown?.receive === "ignore";
  const events = endpoint.protocol.send.rows.flatMap((row) => row.values[0] ?? []);
  const names: Json[] = [
    "no-such-command",
    "",
    ...endpoint.protocol.receive.rows
      .flatMap((row) => row.values[0] ?? [])
      .slice(0, 1)
      .map((name) => (typeof name === "string" ? otherCase(name) : 987_654_321)),
    ...events.slice(0, 1),
  ];
  return names.flatMap((name) =>
    validCommands(context)
      .slice(0, 1)
      .map(({ payload }) => named(endpoint, field, payload, name))
      .filter((text): text is string => text !== undefined && refusedAs(context, text, ["unknown-message"]))
      .map(
        (text): BadFrame => ({
          label: `a command of the unknown name ${JSON.stringify(name)}`,
          text,
          kind: "unknown-name",
          answer: ignored ? "ignored" : "refused",
          level: "MUST",
        }),
      ),
  );
}

/** Commands without a name, or with one of the wrong type. */
function nameless(context: CheckContext, field: string): BadFrame[] {
  // A Socket.IO event without a name is refused by the parser: S-CD-04 has it.
  if (field === EVENT_FIELD) return [];
  const { endpoint } = context;
  const [first] = validCommands(context);
  if (first === undefined) return [];
  const texts: readonly [string, Json | undefined][] = [
    ["a command without its name", without(first.payload, field)],
    ["a command whose name is null", withValue(first.payload, field, null)],
    ["a command whose name is an object", withValue(first.payload, field, {})],
    ["an empty object", {}],
  ];
  return texts.flatMap(([label, payload]): BadFrame[] => {
    if (payload === undefined) return [];
    const text = frameText(endpoint, first.name, payload);
    if (!refusedAs(context, text, ["missing-discriminator"])) return [];
    const answer = endpoint.protocol.reject === undefined ? "any" : "refused";
    return [{ label, text, kind: "undecodable", answer, level: "MUST" }];
  });
}

/** Valid commands whose name has moved to a field that names nothing in this direction. */
function renamed(
  context: CheckContext,
  field: Pointer,
  onOtherCode: (code: unknown, text: string) => void,
): BadFrame[] {
  const { endpoint } = context;
  const other = endpoint.protocol.send.fields[0];
  const foreign = [
    ...(other === undefined || other === EVENT_FIELD ? [] : [other]),
    ...endpoint.protocol.never,
  ].map((name) => (name.startsWith("/") ? name : `/${name}`));
  return validCommands(context).flatMap(({ name, payload }) =>
    [...new Set(foreign)].flatMap((wrong): BadFrame[] => {
      const value = valueAt(payload, field);
      const bare = without(payload, field);
      if (typeof value !== "string" || bare === undefined || valueAt(bare, wrong) !== undefined) return [];
      const moved = withValue(bare, wrong, value);
      if (moved === undefined) return [];
      const text = frameText(endpoint, name, moved);
      if (!refusedAs(context, text, [WRONG_FIELD])) return [];
      return [
        {
          label: `"${name}" named by \`${parsePointer(wrong).at(-1)}\` for \`${parsePointer(field).at(-1)}\``,
          text,
          kind: "undecodable",
          nearly: name,
          answer: "refused",
          level: "MUST",
          onRefusal: (code, message) => {
            if (code !== WRONG_FIELD) onOtherCode(code, excerpt(message.text));
          },
        },
      ];
    }),
  );
}

function named(endpoint: Endpoint, field: string, payload: Json, name: Json): string | undefined {
  if (field === EVENT_FIELD) return typeof name === "string" ? JSON.stringify([name, payload]) : undefined;
  const value = withValue(payload, field, name);
  return value === undefined ? undefined : frameText(endpoint, "", value);
}

/** A copy without the member at the pointer; undefined when it does not lie in objects. */
function without(payload: Json, pointer: Pointer): Json | undefined {
  const [part, ...rest] = parsePointer(pointer);
  if (part === undefined || !isObject(payload)) return undefined;
  // Members of a Json object are Json: `isObject` only forgets that.
  const members = Object.entries(payload) as [string, Json][];
  if (rest.length === 0) return Object.fromEntries(members.filter(([key]) => key !== part));
  const inner = members.find(([key]) => key === part)?.[1];
  const pruned = inner === undefined ? undefined : without(inner, `/${rest.join("/")}`);
  if (pruned === undefined) return undefined;
  return Object.fromEntries(members.map(([key, value]) => [key, key === part ? pruned : value]));
}

function otherCase(name: string): string {
  return name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
}

function refusedAs(context: CheckContext, text: string, codes: readonly DecodeErrorCode[]): boolean {
  const result = context.judge.commands.judge(text);
  return !result.ok && codes.includes(result.error.code);
}
