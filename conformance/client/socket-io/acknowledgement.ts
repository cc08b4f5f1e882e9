/** The acknowledgement of a command over Socket.IO, as the document has it: of one that was taken, or of a refused one. */
import type { Endpoint, Json } from "../../../src/contract/contract.js";
import { valueAt } from "../../../src/contract/pointer.js";
import type { Judge } from "../../judge.js";
import { withValue } from "../../payloads.js";
import { eventPayloads } from "../witness.js";

/**
 * A payload that acknowledges a command. With a `code` it is that of a refusal: the code stands where refusals have it;
 * without one nothing stands there. Undefined where the document declares none, or none can be made.
 */
export function acknowledgementOf(judge: Judge, command: string, code?: string): Json | undefined {
  const { endpoint } = judge;
  const at = endpoint.protocol.reject?.code;
  for (const name of acknowledgementNames(endpoint, command)) {
    const message = endpoint.events.find((event) => event.name === name);
    if (message === undefined) continue;
    for (const payload of eventPayloads(judge, message)) {
      const isRefusal = at !== undefined && valueAt(payload, at) !== undefined;
      if (isRefusal !== (code !== undefined)) continue;
      const said = code === undefined || at === undefined ? payload : withValue(payload, at, code);
      if (said !== undefined && judge.events.validate(name, said) === undefined) return said;
    }
  }
  return undefined;
}

/** Names of the messages that acknowledge a command. */
export function acknowledgementNames({ operations }: Endpoint, command: string): readonly string[] {
  return operations.flatMap(({ action, messages, reply }) =>
    action === "receive" && reply?.ack === true && messages.includes(command) ? reply.messages : [],
  );
}
