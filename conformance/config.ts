/** What a `--config` file says about a subject: its form (`schemas/config.json`), and what becomes of it. */
import fc from "fast-check";
import { UnsatisfiableError } from "../src/arbitrary/bounded-filter.js";
import type { Placement } from "../src/arbitrary/placement.js";
import { validPayload } from "../src/arbitrary/valid-payload.js";
import type { Contract, Endpoint, Example, Json, Message } from "../src/contract/contract.js";
import { valueAt } from "../src/contract/pointer.js";
import { sameJson } from "../src/contract/same-json.js";
import { createOracle } from "../src/contract/validate.js";
import type { Credentials, SubjectConfig } from "./check.js";
import { UsageError } from "./usage-error.js";

type Pairs = Readonly<Record<string, string>>;

/** Credentials as they stand in the file. */
export interface ConfigCredentials {
  readonly headers?: Pairs;
  readonly query?: Pairs;
  /** Each a text that is sent as it is, or a value that is sent as JSON. */
  readonly first?: readonly Json[];
}

/** The file, once its schema accepts it. */
export interface ConfigFile extends ConfigCredentials {
  readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
  readonly subprotocol?: string | readonly string[];
  readonly origin?: string;
  readonly payloads?: Readonly<Record<string, readonly Json[]>>;
  readonly domain?: Readonly<Record<string, readonly Json[]>>;
  readonly identities?: readonly (ConfigCredentials & {
    readonly name: string;
    readonly owns?: Readonly<Record<string, readonly Json[]>>;
  })[];
  readonly rejected?: Readonly<Record<string, ConfigCredentials>>;
  readonly secrets?: Pairs;
}

/** The file as options of `checkServer`. */
export interface ConfigSettings {
  readonly headers: Pairs;
  readonly query: Pairs;
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  readonly subprotocols?: readonly string[];
  readonly origin?: string;
  readonly config: SubjectConfig;
  readonly secrets: Pairs;
}

/** Name of the identity of a file that names none. */
const DEFAULT_IDENTITY = "default";

/** The settings that a file gives. */
export function settingsOf(file: ConfigFile): ConfigSettings {
  const { parameters, subprotocol, origin } = file;
  const [named, ...others] = file.identities ?? [];
  const opening = textsOf(file.first);
  const first =
    named === undefined && opening.length === 0 ? undefined : (named ?? { name: DEFAULT_IDENTITY });
  const rejected = Object.entries(file.rejected ?? {}).map(([what, one]) => [what, credentialsOf(one)]);
  return {
    headers: file.headers ?? {},
    query: file.query ?? {},
    ...(parameters === undefined
      ? {}
      : {
          parameters: Object.fromEntries(
            Object.entries(parameters).map(([name, value]) => [name, listOf(value)]),
          ),
        }),
    ...(subprotocol === undefined ? {} : { subprotocols: listOf(subprotocol) }),
    ...(origin === undefined ? {} : { origin }),
    config: {
      identities: [
        ...(first === undefined ? [] : [identityOf(first, opening)]),
        ...others.map((one) => identityOf(one, [])),
      ],
      rejected: Object.fromEntries(rejected),
      payloads: file.payloads ?? {},
      domain: file.domain ?? {},
    },
    secrets: file.secrets ?? {},
  };
}

function identityOf(
  one: NonNullable<ConfigFile["identities"]>[number],
  opening: readonly string[],
): SubjectConfig["identities"][number] {
  const own = credentialsOf(one);
  const first = [...opening, ...(own.first ?? [])];
  return {
    ...own,
    name: one.name,
    ...(first.length === 0 ? {} : { first }),
    ...(one.owns === undefined ? {} : { owns: one.owns }),
  };
}

function credentialsOf(one: ConfigCredentials): Credentials {
  return {
    ...(one.headers === undefined ? {} : { headers: one.headers }),
    ...(one.query === undefined ? {} : { query: one.query }),
    ...(one.first === undefined ? {} : { first: textsOf(one.first) }),
  };
}

/** First messages as the texts that are sent. */
export function textsOf(first: readonly Json[] | undefined): readonly string[] {
  return (first ?? []).map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

/** Name of the examples that the user vouches for: they go before all others. */
export const KNOWN_GOOD = "known-good";

/**
 * The endpoint with the user's payloads and values as examples of its commands: whoever makes payloads finds them there.
 * Throws {@link UsageError} for a command that there is not, and for a payload that the document does not accept.
 */
export function withKnownGood(contract: Contract, endpoint: Endpoint, config: SubjectConfig): Endpoint {
  const given = Object.keys(config.payloads).length + Object.keys(config.domain).length;
  if (given === 0) return endpoint;
  const oracle = createOracle(contract, endpoint, "command");
  const known = endpoint.commands.map(({ name }) => name);
  for (const [name, payloads] of Object.entries(config.payloads)) {
    if (!known.includes(name)) {
      throw new UsageError(
        `The configuration has payloads for "${name}", and the channel has no such command. It has: ${known.join(", ") || "none"}.`,
      );
    }
    for (const [index, payload] of payloads.entries()) {
      const issue = oracle.validate(name, payload);
      if (issue === undefined) continue;
      throw new UsageError(
        `The configuration's payload ${index + 1} of "${name}" is not what the document asks for: at ${issue.path || "its top"} ${issue.expected}, not ${issue.received}. ${issue.hint}`,
      );
    }
  }
  const commands = endpoint.commands.map((message): Message => {
    const examples = [
      ...(config.payloads[message.name] ?? []),
      ...domainPayloads(contract, message, config, (payload) => oracle.validate(message.name, payload)),
    ].map((payload): Example => ({ name: KNOWN_GOOD, payload }));
    return examples.length === 0 ? message : { ...message, examples: [...examples, ...message.examples] };
  });
  return { ...endpoint, commands };
}

/** Under one seed the same user's values give the same payloads. */
const SEED = 1;

/** A payload for each value of a field that cannot be invented. */
function domainPayloads(
  contract: Contract,
  message: Message,
  config: SubjectConfig,
  validate: (payload: Json) => object | undefined,
): Json[] {
  const placements = Object.fromEntries(
    Object.entries(config.domain).map(([pointer, values]): [string, Placement] => [
      pointer,
      { values: [...values] },
    ]),
  );
  const made: Json[] = [];
  for (const [pointer, values] of Object.entries(config.domain)) {
    for (const value of values) {
      const wanted = { ...placements, [pointer]: { values: [value], required: true } };
      const arbitrary = validPayload(message.payload, contract.definitions, { at: wanted });
      const payload = drawn(arbitrary);
      // A command that has no such field, or takes no such value, is none of its business.
      if (payload === undefined || !sameJson(valueAt(payload, pointer), value)) continue;
      if (validate(payload) === undefined) made.push(payload);
    }
  }
  return made;
}

function drawn(arbitrary: fc.Arbitrary<Json>): Json | undefined {
  try {
    return fc.sample(arbitrary, { seed: SEED, numRuns: 1 })[0];
  } catch (error) {
    if (error instanceof UnsatisfiableError) return undefined;
    throw error;
  }
}
