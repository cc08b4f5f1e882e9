/** The Protocol of an endpoint: the part of the Contract that client and server share as plain data. */

import type { Protocol, ProtocolMessage } from "../wire/protocol.js";
import type { Discriminator, Endpoint, Message } from "./contract.js";

/** The rules of one endpoint as a {@link Protocol}; a pure rearrangement, nothing is added. */
export function protocolOf(endpoint: Endpoint): Protocol {
  const { protocol: rules } = endpoint;
  // Object.fromEntries defines what it holds: a message may be called `__proto__`.
  const correlation = Object.fromEntries(
    [...endpoint.commands, ...endpoint.events].flatMap(({ name, correlation: pointer }) =>
      pointer === undefined ? [] : [[name, pointer] as const],
    ),
  );
  const replies = Object.fromEntries(
    endpoint.operations.flatMap(({ action, messages, reply }) =>
      reply === undefined || action !== "receive" ? [] : messages.map((name) => [name, reply] as const),
    ),
  );
  return {
    name: endpoint.name,
    address: endpoint.address,
    transport: rules.transport,
    frames: rules.frames,
    subprotocols: rules.subprotocols,
    commands: endpoint.commands.map((message) => named(message, rules.receive)),
    events: endpoint.events.map((message) => named(message, rules.send)),
    discriminator: { send: rules.send.fields, receive: rules.receive.fields },
    ...(rules.unknown === undefined ? {} : { unknown: rules.unknown }),
    replies,
    correlation,
    answerMs: rules.answerMs,
    ...(rules.maxBytes === undefined ? {} : { maxBytes: rules.maxBytes }),
    ...(rules.sendQueueBytes === undefined ? {} : { sendQueueBytes: rules.sendQueueBytes }),
    ...(rules.origins === undefined ? {} : { origins: rules.origins }),
    ...(rules.rate === undefined ? {} : { rate: rules.rate }),
    ...(rules.reject === undefined ? {} : { reject: rules.reject }),
    ...(rules.first === undefined ? {} : { first: rules.first }),
    ...(endpoint.heartbeat === undefined ? {} : { heartbeat: endpoint.heartbeat }),
    ...(endpoint.reconnect === undefined ? {} : { reconnect: endpoint.reconnect }),
    // What a code means is prose: it stays in the document, so that no client carries it.
    closeCodes: Object.fromEntries(
      Object.entries(endpoint.closeCodes ?? {}).map(([code, { cause, retry, by }]) => [
        code,
        { cause, retry, by },
      ]),
    ),
    lifecycles: endpoint.lifecycles,
  };
}

function named(message: Message, discriminator: Discriminator): ProtocolMessage {
  const row = discriminator.rows.find((candidate) => candidate.message === message.name);
  const wire: ProtocolMessage["wire"][number][] = [];
  for (const values of row?.values ?? []) {
    const [value] = values;
    if (values.length !== 1 || value === undefined || typeof value === "object") break;
    wire.push(value);
  }
  return { name: message.name, wire };
}
