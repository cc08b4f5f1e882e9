import { readFileSync } from "node:fs";
import { build } from "esbuild";
import fc from "fast-check";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SAMPLE_DEFINITIONS, SAMPLE_SCHEMAS } from "../src/arbitrary/sample-schemas.js";
import { validPayload } from "../src/arbitrary/valid-payload.js";
import type { Contract, Json, JsonSchema } from "../src/contract/contract.js";
import { ROOT, requirement } from "../test/requirement.js";
import type { Definitions } from "./schema.js";

const { available, location } = requirement("chromium");

// The file is written by our own codegen.
const contract = JSON.parse(readFileSync(`${ROOT}generated/contract.json`, "utf8")) as Contract;

/** Values for each schema. */
const VALUES = 40;
/** Share of the values of our own channels that the fields can show; the rest, odd texts, is shown as JSON. */
const SHOWN = 0.75;

/** What the page makes of a value: what it would send, and whether it showed it in fields. */
interface Sent {
  readonly text: string;
  readonly inFields: boolean;
}

describe.skipIf(!available)("the form of a message", () => {
  let browser: Browser | undefined;
  let page: Page | undefined;

  beforeAll(async () => {
    const bundle = await build({
      stdin: { contents: BENCH, resolveDir: `${ROOT}playground`, loader: "ts" },
      bundle: true,
      write: false,
      format: "iife",
      platform: "browser",
    });
    browser = await chromium.launch({
      executablePath: location,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    page = await browser.newPage();
    await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? "" });
  }, 60_000);
  afterAll(() => browser?.close());

  async function sent(
    schema: JsonSchema,
    definitions: Definitions,
    values: readonly Json[],
  ): Promise<Sent[]> {
    if (page === undefined) throw new Error("The browser has not started.");
    // As text, so that a field called `__proto__` arrives as one.
    return page.evaluate<Sent[]>(
      `sendEach(${JSON.stringify(JSON.stringify({ schema, definitions, values }))})`,
    );
  }

  const samples = (schema: JsonSchema, definitions: Definitions): Json[] =>
    fc.sample(validPayload(schema, definitions), { numRuns: VALUES, seed: 7 });

  it.each(SAMPLE_SCHEMAS)(
    "sends every value as it was given, whatever the schema holds: %s",
    async (_name, schema) => {
      const values = samples(schema, SAMPLE_DEFINITIONS);
      const got = await sent(schema, SAMPLE_DEFINITIONS, values);
      expect(got.map(({ text }) => JSON.parse(text))).toEqual(values.map(written));
    },
  );

  const commands = contract.endpoints.flatMap(({ name, commands: all }) =>
    all.map((command) => [`${name} ${command.name}`, command.payload] as const),
  );

  it.each(commands)(
    "sends every value as it was given, and shows most in fields: %s",
    async (_name, schema) => {
      const values = samples(schema, contract.definitions);
      const got = await sent(schema, contract.definitions, values);
      expect(got.map(({ text }) => JSON.parse(text))).toEqual(values.map(written));
      expect(got.filter(({ inFields }) => inFields).length / got.length).toBeGreaterThan(SHOWN);
    },
  );
});

/** As JSON has it: there is no -0 in text that JSON.stringify writes. */
const written = (value: Json): Json => JSON.parse(JSON.stringify(value));

/** Runs in the page: begins with each value as an example, and sends what the form then holds. */
const BENCH = `
import { showMessageForm } from "./message-form.js";

globalThis.sendEach = async (text) => {
  const { schema, definitions, values } = JSON.parse(text);
  const root = document.body.appendChild(document.createElement("div"));
  const examples = values.map((payload, index) => ({ label: String(index), payload, template: false }));
  const endpoint = { commands: [{ name: "command", payload: schema, examples }] };
  let taken;
  showMessageForm(root, endpoint, definitions, async (_command, payload) => {
    taken = JSON.stringify(payload);
    return undefined;
  });
  const [, picker] = root.querySelectorAll("select");
  const raw = [...root.querySelectorAll("input[type=checkbox]")].find(({ labels }) => labels[0]?.textContent === "Write JSON");
  const sent = [];
  for (const [index] of values.entries()) {
    raw.checked = false;
    picker.value = String(index);
    picker.dispatchEvent(new Event("change"));
    taken = "nothing";
    const inFields = !raw.checked;
    root.querySelector("form").requestSubmit();
    await new Promise((resolve) => setTimeout(resolve));
    sent.push({ text: taken, inFields });
  }
  root.remove();
  return sent;
};
`;
