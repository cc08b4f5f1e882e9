/**
 * Types of all messages by a peer, as a program of its own, so that it can be timed whole.
 *
 * Run: node .build/schema-types.js quicktype|json-schema-to-typescript
 */

import { readdirSync, readFileSync } from "node:fs";

/** The folder of the bench; the build puts it in. */
declare const BENCH: string;

const folder = `${BENCH}../schemas`;
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "extensions")
  .flatMap(({ name }) => readdirSync(`${folder}/${name}`).map((file) => ({ channel: name, file })))
  .filter(({ file }) => file.endsWith(".json") && file !== "definitions.json");

async function quicktype(): Promise<number> {
  const { InputData, JSONSchemaInput, quicktype: run } = await import("quicktype-core");
  let length = 0;
  for (const channel of new Set(files.map((each) => each.channel))) {
    const input = new JSONSchemaInput(undefined);
    for (const { file } of files.filter((each) => each.channel === channel)) {
      await input.addSource({
        name: `${channel}_${file.replace(".json", "")}`,
        schema: wholeSchema(channel, file),
      });
    }
    const inputData = new InputData();
    inputData.addInput(input);
    const { lines } = await run({ inputData, lang: "typescript", rendererOptions: { "just-types": true } });
    length += lines.join("\n").length;
  }
  return length;
}

/** A schema with all that it refers to inside. */
function wholeSchema(channel: string, file: string): string {
  const read = (name: string) =>
    JSON.parse(readFileSync(`${folder}/${channel}/${name}`, "utf8"), (_key, value) =>
      /^[\w-]+\.json$/.test(value?.$ref) ? { ...JSON.parse(textOf(value.$ref)), $schema: undefined } : value,
    );
  const textOf = (name: string): string => readFileSync(`${folder}/${channel}/${name}`, "utf8");
  // Whatever file of the channel defines it: what is referred to may refer on.
  const definitions = Object.assign(
    {},
    ...readdirSync(`${folder}/${channel}`).map((each) => read(each).definitions),
  );
  const schema = read(file);
  const whole = { ...schema, definitions };
  return JSON.stringify(whole)
    .replaceAll("definitions.json#", "#")
    .replace(/"#(?=[A-Z])/g, '"#/definitions/');
}

async function jsonSchemaToTypescript(): Promise<number> {
  const { compileFromFile } = await import("json-schema-to-typescript");
  let length = 0;
  for (const { channel, file } of files) {
    length += (
      await compileFromFile(`${folder}/${channel}/${file}`, { cwd: `${folder}/${channel}`, format: false })
    ).length;
  }
  return length;
}

const length = process.argv[2] === "quicktype" ? await quicktype() : await jsonSchemaToTypescript();
console.log(`${files.length} schemas, ${length} characters of types`);
