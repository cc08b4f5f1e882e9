/** Who may enter an endpoint: its parameters and the query schema of its ws binding decide. */

import { Ajv } from "ajv";
import type { Contract, Endpoint } from "../../src/contract/contract.js";
import { selfContained } from "../../src/contract/payload.js";
import { AJV_OPTIONS } from "../../src/contract/validate.js";
import type { Handshake } from "../channel.js";

export interface Admission {
  /** The address with values for its parameters. */
  readonly sample: string;
  /** Why a handshake is refused, before the 101; undefined when it is not. */
  check(
    handshake: Handshake,
  ): { readonly ok: false; readonly status: 400 | 404; readonly text: string } | undefined;
}

/** The admission of one endpoint. A query value is text: it counts as the type that the schema wants, if it reads so. */
export function createAdmission(contract: Contract, endpoint: Endpoint): Admission {
  const { query: schema } = endpoint;
  const validate =
    schema === undefined
      ? undefined
      : new Ajv({ ...AJV_OPTIONS, coerceTypes: true, validateFormats: false }).compile(
          selfContained(schema, contract.definitions),
        );
  return {
    sample: endpoint.address.replace(/\{([^}]+)\}/g, (_, name: string) => {
      const parameter = endpoint.parameters[name];
      const value = parameter?.examples?.[0] ?? parameter?.default ?? parameter?.enum?.[0] ?? name;
      return encodeURIComponent(value);
    }),
    check({ parameters, query }) {
      for (const [name, value] of Object.entries(parameters)) {
        const allowed = endpoint.parameters[name]?.enum;
        if (allowed === undefined || allowed.length === 0 || allowed.includes(value)) continue;
        return { ok: false, status: 404, text: `Parameter ${name}: expected one of ${allowed.join(", ")}.` };
      }
      if (validate === undefined || validate(Object.fromEntries(query))) return undefined;
      const [error] = validate.errors ?? [];
      const where = error?.instancePath.slice(1) ?? "";
      return {
        ok: false,
        status: 400,
        text: `Query ${where}: ${error?.message ?? "is not as the document says"}.`,
      };
    },
  };
}
