/**
 * What a page downloads: bundles for a browser, minified, and compressed as servers do; prints JSON.
 *
 * Run: node .build/sizes.js
 */

import { existsSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ajvStandalone } from "./peers/ajv.js";

/** The folder of the bench; the build puts it in. */
declare const BENCH: string;

/** A bundle's bytes. */
export interface Size {
  readonly name: string;
  readonly min: number;
  readonly gzip: number;
  readonly brotli: number;
}

const root = `${BENCH}..`;
const generated = (mode: string): string =>
  mode === "auto" ? `${root}/generated/workflow.ts` : `${BENCH}.build/generated-${mode}/workflow.ts`;

/** What is bundled: the source of a module whose exports are all that a page uses. */
const bundles: readonly { name: string; source: string; needs?: string }[] = [
  ...["auto", "fast", "small"].flatMap((mode) => {
    const title = mode === "auto" ? "wireproof" : `wireproof --codec ${mode}`;
    const from = JSON.stringify(generated(mode));
    return [
      {
        name: `${title}: decodeEvent (10 events)`,
        source: `export { decodeEvent } from ${from}`,
        needs: generated(mode),
      },
      {
        name: `${title}: codec (10 events, 5 commands)`,
        source: `export { decodeEvent, encodeCommand } from ${from}`,
        needs: generated(mode),
      },
      {
        name: `${title}: workflowClient (codec, and the protocol as data)`,
        source: `export { workflowClient } from ${from}`,
        needs: generated(mode),
      },
      {
        name: `${title}: workflowClient + createClient (reconnect, heartbeat, lifecycle)`,
        source: `export { workflowClient } from ${from}; export { createClient } from ${JSON.stringify(`${root}/src/client/client.ts`)}`,
        needs: generated(mode),
      },
    ];
  }),
  ...["zod", "zod-mini", "valibot", "typebox", "arktype"].map((name) => ({
    name: `${name}: schema of 8 events`,
    source: `export * from ${JSON.stringify(`${BENCH}peers/${name}.ts`)}`,
  })),
  { name: "Ajv, standalone code of 8 events", source: ajvStandalone() },
  {
    name: "Ajv with formats, without schemas",
    source: 'export { Ajv } from "ajv"; export { default as formats } from "ajv-formats"',
  },
  {
    name: "typia is and stringify of 8 events",
    source: `export * from ${JSON.stringify(`${BENCH}.build/typia.js`)}`,
    needs: `${BENCH}.build/typia.js`,
  },
  { name: "socket.io-client (no validation)", source: 'export { io } from "socket.io-client"' },
];

const sizes: Size[] = [];
for (const { name, source, needs } of bundles) {
  if (needs !== undefined && !existsSync(needs)) continue;
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: BENCH, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  sizes.push({
    name,
    min: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  });
}
console.log(JSON.stringify(sizes));
