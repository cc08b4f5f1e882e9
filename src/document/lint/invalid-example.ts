/** An example that breaks its own schema, or that is named as another message, teaches readers what is refused. */

import type { ValidateFunction } from "ajv";
import { discriminate } from "../../contract/discriminate.js";
import { selfContained } from "../../contract/payload.js";
import { createAjv } from "../../contract/validate.js";
import type { Finding } from "../finding.js";
import { allMessages, type LintRule, remarkOn } from "./rule.js";

const NAME = "invalid-example";

/** Examples are valid, and are what they stand under. */
export const invalidExample: LintRule = {
  name: NAME,
  check(context) {
    const findings: Finding[] = [];
    const ajv = createAjv();
    for (const { endpoint, direction, message } of allMessages(context.contract)) {
      if (message.binary === true || message.examples.length === 0) continue;
      let validate: ValidateFunction;
      try {
        validate = ajv.compile(selfContained(message.payload, context.contract.definitions));
      } catch {
        // A schema that does not compile is not the example's fault; the official parser names it.
        continue;
      }
      for (const [index, example] of message.examples.entries()) {
        const label = example.name === undefined ? `Example ${index + 1}` : `Example \`${example.name}\``;
        if (!validate(example.payload)) {
          const [error] = validate.errors ?? [];
          const where = error?.instancePath ? `\`${error.instancePath}\` ` : "";
          findings.push(
            remarkOn(context, NAME, example, {
              severity: "error",
              message: `${label} of \`${message.name}\` breaks its payload: ${where}${error?.message ?? "it is refused"}.`,
              mend: "Change the example, or the schema that it breaks.",
            }),
          );
          continue;
        }
        if (message.acknowledgement === true || endpoint.protocol.transport === "socket.io") continue;
        const named = discriminate(endpoint, direction, example.payload);
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
