/** An example that breaks its own schema, or that is named as another message, teaches readers what is refused. */

import type { Ajv, ValidateFunction } from "ajv";
import type { Contract, Endpoint, Message } from "../../contract/contract.js";
import { discriminate } from "../../contract/discriminate.js";
import { createAjv } from "../../contract/validate.js";
import type { Finding } from "../finding.js";
import { allMessages, type LintRule, type Remark, remarkOn } from "./rule.js";

const NAME = "invalid-example";

/** Examples are valid, and are what they stand under. */
export const invalidExample: LintRule = {
  name: NAME,
  says: "An example is valid, and is what it stands under.",
  check(context) {
    const messages = allMessages(context.contract);
    const validatorOf = payloadValidators(
      context.contract,
      messages.map(({ message }) => message),
    );
    const findings: Finding[] = [];
    // A message that travels both ways has its examples in both lists; each is looked at once.
    const seen = new Set<unknown>();
    for (const { endpoint, direction, message } of messages) {
      if (message.binary === true) continue;
      for (const [index, example] of message.examples.entries()) {
        const label = example.name === undefined ? `Example ${index + 1}` : `Example \`${example.name}\``;
        const validate = seen.has(example.payload) ? undefined : validatorOf(message);
        if (typeof example.payload === "object") seen.add(example.payload);
        if (validate !== undefined && !validate(example.payload)) {
          findings.push(remarkOn(context, NAME, example, broken(label, message, validate)));
          continue;
        }
        if (message.acknowledgement === true) continue;
        const named = discriminate(endpoint, direction, asFrame(endpoint, message, example.payload));
        if (named.ok && named.candidates.includes(message.name)) continue;
        const what = named.ok ? `it is taken for \`${named.candidates.join("` or `")}\`` : named.error.hint;
        findings.push(
          remarkOn(context, NAME, example, {
            severity: "error",
            message: `${label} of \`${message.name}\` is not named as that message: ${what}`,
            mend: "Give the example the field that names its message.",
          }),
        );
      }
    }
    return findings;
  },
};

function broken(label: string, message: Message, validate: ValidateFunction): Remark {
  const [error] = validate.errors ?? [];
  const where = error?.instancePath ? `\`${error.instancePath}\` ` : "";
  return {
    severity: "error",
    message: `${label} of \`${message.name}\` breaks its payload: ${where}${error?.message ?? "it is refused"}.`,
    mend: "Change the example, or the schema that it breaks.",
  };
}

/** An example shows the payload; under Socket.IO the frame is the name of the event and the payload. */
function asFrame(endpoint: Endpoint, message: Message, payload: unknown): unknown {
  if (endpoint.protocol.transport !== "socket.io") return payload;
  return [message.wireName ?? message.name, payload];
}

/**
 * Validators of payloads. All stand in one schema beside the definitions, so that what messages share is compiled
 * once: message by message, 500 of them with 50 shared parts took a minute.
 */
function payloadValidators(
  contract: Contract,
  messages: readonly Message[],
): (message: Message) => ValidateFunction | undefined {
  const payloads = [...new Set(messages.map((message) => message.payload))];
  const ajv: Ajv = createAjv({ checkSchemas: false });
  ajv.addSchema({ definitions: contract.definitions, payloads }, "contract");
  const compiled = new Map<unknown, ValidateFunction | undefined>();
  return ({ payload }) => {
    if (!compiled.has(payload)) {
      compiled.set(payload, compileAt(ajv, `contract#/payloads/${payloads.indexOf(payload)}`));
    }
    return compiled.get(payload);
  };
}

/** A schema that does not compile is not the example's fault. */
function compileAt(ajv: Ajv, ref: string): ValidateFunction | undefined {
  try {
    return ajv.compile({ $ref: ref });
  } catch {
    return undefined;
  }
}
