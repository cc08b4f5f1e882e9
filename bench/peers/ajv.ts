import { Ajv, type ValidateFunction } from "ajv";
import standaloneCode from "ajv/dist/standalone/index.js";
import addFormats, { type FormatsPlugin } from "ajv-formats";
import { schemas, union } from "./schema.js";

// Its types describe the namespace, the module is the function.
const formats = addFormats as unknown as FormatsPlugin;
const strict = { discriminator: true, strict: false } as const;

function withFormats(mode: "full" | "fast"): Ajv {
  const ajv = new Ajv(strict);
  formats(ajv, { mode });
  return ajv;
}

/** The union, told apart by its discriminator, with all that `date-time` and `uuid` mean. */
export const ajvFull: ValidateFunction = withFormats("full").compile(union);
/** The same with formats that are regular expressions only. */
export const ajvFast: ValidateFunction = withFormats("fast").compile(union);
/** One validator an event. */
export const ajvByEvent: ReadonlyMap<unknown, ValidateFunction> = new Map(
  [...schemas].map(([name, schema]) => [name, withFormats("full").compile(schema)]),
);

/** What prepare.ts made of the code below. */
export async function loadStandalone(): Promise<(value: unknown) => boolean> {
  const module: { default: (value: unknown) => boolean } = await import(
    new URL("ajv-standalone.js", import.meta.url).href
  );
  return module.default;
}

/** The union as code, for a file of its own. */
export function ajvStandalone(): string {
  const ajv = new Ajv({ ...strict, code: { source: true, esm: true } });
  formats(ajv, { mode: "full" });
  return standaloneCode.default(ajv, ajv.compile(union));
}
