/** The lines of the driver protocol, both ways, and what its schema (`schemas/driver.json`) says to those of a driver. */
import driverLine from "../../../schemas/driver.json" with { type: "json" };
import type { Json } from "../../../src/contract/contract.js";
import { isObject } from "../../../src/contract/pointer.js";
import { compileSchema, createAjv, type SchemaValidator } from "../../../src/contract/validate.js";
import type { ClientState } from "../check.js";
import type { Capability } from "../launcher.js";

/** The version of the protocol. */
export const PROTOCOL = 1;

/** The kit's first line. */
export interface KitHello {
  readonly type: "hello";
  readonly protocol: typeof PROTOCOL;
  readonly channel: string;
  readonly commands: readonly string[];
  readonly timeScale: number;
  readonly seed: number;
}

/** What the kit says. */
export type KitLine =
  | KitHello
  | {
      readonly type: "open";
      readonly id: string;
      readonly url: string;
      readonly options: {
        readonly timeScale: number;
        readonly seed: number;
        readonly origin?: string;
        readonly ca?: string;
      };
    }
  | {
      readonly type: "send";
      readonly id: string;
      readonly op: string;
      readonly payload: Json;
      readonly of: number;
    }
  | { readonly type: "close"; readonly id: string }
  | { readonly type: "stop" };

/** A driver's first line. */
export interface DriverHello {
  readonly type: "hello";
  readonly protocol: typeof PROTOCOL;
  readonly name: string;
  readonly version: string;
  readonly capabilities: readonly Capability[];
}

/** What a driver says of one client. */
export type DriverReport =
  | {
      readonly type: "state";
      readonly id: string;
      readonly state: ClientState;
      readonly attempt?: number;
      readonly code?: number;
      readonly reason?: string;
    }
  | { readonly type: "event"; readonly id: string; readonly name?: string; readonly payload: Json }
  | {
      readonly type: "reply";
      readonly id: string;
      readonly of: number;
      readonly ok: boolean;
      readonly payload?: Json;
      readonly code?: string;
      readonly message?: string;
    }
  | { readonly type: "error"; readonly id: string; readonly code: string; readonly message?: string }
  | { readonly type: "unsupported"; readonly id: string; readonly of: number };

/** What a driver says. */
export type DriverLine = DriverHello | DriverReport;

/** The definition of each type of line that a driver may write. */
const DEFINITIONS = {
  hello: "DriverHello",
  state: "DriverState",
  event: "DriverEvent",
  reply: "DriverReply",
  error: "DriverError",
  unsupported: "DriverUnsupported",
} as const;

const { definitions } = driverLine;
const ajv = createAjv();
const validators = new Map<string, SchemaValidator>();

/** The line, or what is wrong with it. */
export function readDriverLine(
  value: unknown,
): { readonly ok: true; readonly line: DriverLine } | { readonly ok: false; readonly why: string } {
  if (!isObject(value)) return { ok: false, why: "it is no JSON object" };
  const { type } = value;
  if (typeof type !== "string" || !isDriverType(type)) {
    const known = Object.keys(DEFINITIONS).join(", ");
    return {
      ok: false,
      why: `its \`type\` is ${JSON.stringify(type) ?? "absent"}, and a driver writes ${known}`,
    };
  }
  const issue = validatorOf(DEFINITIONS[type])(value);
  if (issue !== undefined) {
    return {
      ok: false,
      why: `at ${issue.path || "its top"} it wants ${issue.expected} and has ${issue.received}`,
    };
  }
  // The schema of this type of line, which has just accepted it, describes exactly this member of the union.
  return { ok: true, line: value as unknown as DriverLine };
}

function isDriverType(type: string): type is keyof typeof DEFINITIONS {
  return Object.hasOwn(DEFINITIONS, type);
}

function validatorOf(name: keyof typeof definitions): SchemaValidator {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const made = compileSchema(definitions[name], definitions, `${name} of schemas/driver.json`, ajv);
  validators.set(name, made);
  return made;
}
