/** The `x-ws-*` extensions of an endpoint: each checked against its own schema before anything reads it. */

import type { Ajv, ErrorObject } from "ajv";
import definitions from "../../../schemas/extensions/definitions.json" with { type: "json" };
import closeCodes from "../../../schemas/extensions/x-ws-close-codes.json" with { type: "json" };
import exchanges from "../../../schemas/extensions/x-ws-exchanges.json" with { type: "json" };
import heartbeat from "../../../schemas/extensions/x-ws-heartbeat.json" with { type: "json" };
import hot from "../../../schemas/extensions/x-ws-hot.json" with { type: "json" };
import invariants from "../../../schemas/extensions/x-ws-invariants.json" with { type: "json" };
import lifecycle from "../../../schemas/extensions/x-ws-lifecycle.json" with { type: "json" };
import protocol from "../../../schemas/extensions/x-ws-protocol.json" with { type: "json" };
import reconnect from "../../../schemas/extensions/x-ws-reconnect.json" with { type: "json" };
import reply from "../../../schemas/extensions/x-ws-reply.json" with { type: "json" };
import { parsePointer } from "../../contract/pointer.js";
import { createAjv } from "../../contract/validate.js";
import { entriesAt, findingAt, follow, memberAt, type Place } from "../place.js";
import type { Channel } from "./channels.js";
import { type Compilation, refuse } from "./context.js";

const CHANNEL_EXTENSIONS = {
  "x-ws-protocol": protocol,
  "x-ws-heartbeat": heartbeat,
  "x-ws-reconnect": reconnect,
  "x-ws-close-codes": closeCodes,
  "x-ws-lifecycle": lifecycle,
  "x-ws-invariants": invariants,
  "x-ws-exchanges": exchanges,
};

/** Name of an extension of a channel. */
export type ExtensionName = keyof typeof CHANNEL_EXTENSIONS;

/** The extensions of an endpoint that are well formed. */
export interface Extensions {
  /** The one of a kind; two channels of an endpoint that disagree about it are refused. */
  one(name: ExtensionName): Place | undefined;
  /** Those of all channels of the endpoint. */
  all(name: ExtensionName): Place[];
}

/** Finds and checks the extensions of an endpoint's channels, their messages and the given operations. */
export function checkExtensions(
  compilation: Compilation,
  channels: readonly Channel[],
  operations: readonly Place[],
): Extensions {
  const good = new Set<string>();
  const keyOf = (channel: Channel, name: string) => `${channel.key}\0${name}`;
  for (const channel of channels) {
    checkKeys(compilation, channel.place, CHANNEL_EXTENSIONS, "a channel", (name) => {
      good.add(keyOf(channel, name));
    });
    for (const message of channel.messages) {
      checkKeys(compilation, message.place, { "x-ws-hot": hot }, "a message", () => undefined);
    }
  }
  for (const operation of operations) {
    checkKeys(compilation, operation, { "x-ws-reply": reply }, "an operation", () => undefined);
  }
  const all = (name: ExtensionName) =>
    channels.flatMap((channel) =>
      good.has(keyOf(channel, name)) ? (memberAt(channel.place, name) ?? []) : [],
    );
  return {
    all,
    one(name) {
      const [first, ...others] = all(name);
      for (const other of others) {
        if (first === undefined || sameData(first, other)) continue;
        const message = `\`${name}\` differs from that of another channel at the same address.`;
        const mend = "One connection carries these channels: say it once, or the same in each.";
        refuse(compilation, other, "extension", message, mend);
      }
      return first;
    },
  };
}

/** Checks the `x-ws-*` members of one object, and hands on those that are well formed. */
function checkKeys(
  compilation: Compilation,
  owner: Place,
  known: { readonly [name: string]: object },
  where: string,
  accept: (name: string) => void,
): void {
  for (const [name, place] of entriesAt(owner)) {
    if (!name.startsWith("x-ws-")) continue;
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).map((one) => `\`${one}\``);
      const message = `\`${name}\` means nothing on ${where}; ${names.join(", ")} may stand here.`;
      compilation.findings.push(
        findingAt(place, "extension", "warning", message, "Correct its name or its place."),
      );
      continue;
    }
    const error = firstError(name, follow(place).value);
    if (error === undefined) accept(name);
    else refuseExtension(compilation, name, place, error);
  }
}

let validators: Ajv | undefined;

/** Made at the first use and kept: compiling these schemas costs more than checking a document. */
function extensionValidators(): Ajv {
  if (validators !== undefined) return validators;
  const ajv = createAjv();
  ajv.addSchema(definitions, "definitions.json");
  const all = { ...CHANNEL_EXTENSIONS, "x-ws-hot": hot, "x-ws-reply": reply };
  // Under these names their `$ref`s to one another resolve as they do on disk.
  for (const [name, schema] of Object.entries(all)) ajv.addSchema(schema, `${name}.json`);
  validators = ajv;
  return ajv;
}

/** Of all that is wrong, what lies deepest: of several forms that a value may have, the one it was meant to be. */
function firstError(name: string, value: unknown): ErrorObject | undefined {
  const ajv = extensionValidators();
  if (ajv.validate(`${name}.json`, value)) return undefined;
  const depth = (error: ErrorObject) => parsePointer(error.instancePath).length;
  const [first, ...others] = ajv.errors ?? [];
  return others.reduce((best, error) => {
    if (best === undefined || depth(error) > depth(best)) return error;
    return best;
  }, first);
}

function refuseExtension(compilation: Compilation, name: string, place: Place, error: ErrorObject): void {
  const keys = parsePointer(error.instancePath);
  const extra =
    error.keyword === "additionalProperties" ? String(error.params["additionalProperty"]) : undefined;
  const path = extra === undefined ? keys : [...keys, extra];
  const at = memberAt(place, ...path) ?? place;
  const where = path.length === 0 ? "" : ` at \`/${path.join("/")}\``;
  const allowed = error.params["allowedValues"] ?? error.params["allowedValue"];
  const values = allowed === undefined ? "" : `: ${JSON.stringify(allowed)}`;
  const what =
    extra === undefined
      ? `${error.message ?? "it is not as it should be"}${values}`
      : "there is no such field";
  refuse(
    compilation,
    at,
    "extension",
    `\`${name}\`${where}: ${what}.`,
    `Write it as the schema of the extension asks: schemas/extensions/${name}.json.`,
  );
}

function sameData(one: Place, two: Place): boolean {
  return JSON.stringify(follow(one).value) === JSON.stringify(follow(two).value);
}
