/** An endpoint in a few lines, for tests that read a rule of the contract aloud. */

import type { Contract, Endpoint, JsonSchema, Lifecycle, Message, ProtocolRules } from "./contract.js";
import { declareDiscriminator, undiscriminated } from "./infer-discriminator.js";

/** What a test says of its endpoint; all else is what a silent document means. */
export interface InlineEndpoint {
  readonly commands?: Readonly<Record<string, JsonSchema>>;
  readonly events?: Readonly<Record<string, JsonSchema>>;
  /** Pointer to the field that names commands, events (`$event` too); absent: told by shape. */
  readonly receive?: string;
  readonly send?: string;
  readonly protocol?: Partial<ProtocolRules>;
  readonly lifecycles?: readonly Partial<Lifecycle>[];
  readonly endpoint?: Partial<Endpoint>;
  readonly definitions?: Contract["definitions"];
}

/** The whole Endpoint of an {@link InlineEndpoint}. */
export function inlineEndpoint(given: InlineEndpoint): Endpoint {
  const commands = messages(given.commands ?? {});
  const events = messages(given.events ?? {});
  const definitions = given.definitions ?? {};
  const discriminator = (field: string | undefined, list: readonly Message[]) =>
    field === undefined
      ? undiscriminated(list)
      : declareDiscriminator([field], list, definitions, (message) => message.name);
  return {
    name: "inline",
    channels: ["inline"],
    address: "/",
    parameters: {},
    servers: [],
    security: [],
    protocol: {
      send: discriminator(given.send, events),
      receive: discriminator(given.receive, commands),
      never: [],
      transport: "websocket",
      frames: "text",
      framesDeclared: false,
      subprotocols: [],
      subprotocolRequired: false,
      answerMs: 5000,
      audience: [],
      ...given.protocol,
    },
    lifecycles: (given.lifecycles ?? []).map((lifecycle) => ({
      name: "session",
      scope: "connection",
      initial: "idle",
      queued: [],
      transitions: [],
      obligations: [],
      ...lifecycle,
    })),
    invariants: [],
    commands,
    events,
    operations: [],
    ...given.endpoint,
  };
}

function messages(schemas: Readonly<Record<string, JsonSchema>>): Message[] {
  return Object.entries(schemas).map(([name, payload]) => ({
    name,
    payload,
    examples: [],
    source: { file: "inline", line: 1 },
  }));
}
