/** The `Protocol` of an endpoint: what client and server share, as data. */

import type { Direction, Endpoint } from "../contract/contract.js";
import { discriminatorOf, messagesOf } from "../contract/discriminate.js";
import type { Protocol, ProtocolMessage } from "../wire/protocol.js";

/** Compiles the rules of an endpoint to the data that generated code carries. */
export function protocolOf(endpoint: Endpoint): Protocol {
  const { protocol: rules } = endpoint;
  const replies = endpoint.operations.flatMap((operation) =>
    operation.reply === undefined ? [] : operation.messages.map((name) => [name, operation.reply] as const),
  );
  const correlated = [...endpoint.commands, ...endpoint.events].filter(
    (message) => message.correlation !== undefined,
  );
  const data = {
    name: endpoint.name,
    address: endpoint.address,
    transport: rules.transport,
    frames: rules.frames,
    subprotocols: rules.subprotocols,
    commands: messages(endpoint, "command"),
    events: messages(endpoint, "event"),
    discriminator: { send: rules.send.fields, receive: rules.receive.fields },
    unknown: rules.unknown,
    replies: Object.fromEntries(replies),
    correlation: Object.fromEntries(correlated.map((message) => [message.name, message.correlation])),
    answerMs: rules.answerMs,
    maxBytes: rules.maxBytes,
    sendQueueBytes: rules.sendQueueBytes,
    origins: rules.origins,
    rate: rules.rate,
    reject: rules.reject,
    first: rules.first,
    heartbeat: endpoint.heartbeat,
    reconnect: endpoint.reconnect,
    closeCodes: endpoint.closeCodes ?? {},
    lifecycles: endpoint.lifecycles,
  };
  // Members that are undefined are not written, which is all that sets this apart from a Protocol.
  return data as Protocol;
}

function messages(endpoint: Endpoint, direction: Direction): ProtocolMessage[] {
  const { rows, origin } = discriminatorOf(endpoint, direction);
  return messagesOf(endpoint, direction).map((message) => {
    const values = rows.find((row) => row.message === message.name)?.values ?? [];
    return { name: message.name, wire: origin === "none" ? [] : wireValues(values) };
  });
}

/** The one value of each naming field; none where a field has several, or is silent before one that speaks. */
function wireValues(values: readonly (readonly unknown[])[]): ProtocolMessage["wire"] {
  const told = values.slice(0, values.findLastIndex((options) => options.length > 0) + 1);
  const single = told.map((options) => (options.length === 1 ? options[0] : undefined));
  return single.every(isScalar) ? single : [];
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
