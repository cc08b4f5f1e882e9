/**
 * Writes `src/codegen/wire-source.ts`: the sources that `generated/wire.ts` is made of, as data.
 *
 * The generator is pure and is shipped bundled, so it cannot read them from disk. A test fails when they differ.
 * Run: npx tsx scripts/embed-wire.ts
 */

import { readFileSync, writeFileSync } from "node:fs";
import { embedded, WIRE_FILES } from "../src/codegen/embed.js";

const root = new URL("../", import.meta.url);
const sources = WIRE_FILES.map((file) => ({ file, text: readFileSync(new URL(file, root), "utf8") }));
writeFileSync(new URL("src/codegen/wire-source.ts", root), embedded(sources));
