import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { Plugin } from "esbuild";
import { defineConfig, type Options } from "tsup";
import { thirdPartyLicenses } from "./scripts/third-party-licenses.js";

const target = "node20.19";

/** One entry for each generated endpoint: `wireproof/<channel>`. */
const channels = Object.fromEntries(
  readdirSync("generated")
    .filter((file) => file.endsWith(".ts") && file !== "wire.ts")
    .map((file) => [file.slice(0, -".ts".length), `generated/${file}`]),
);

const node: Options["entry"] = {
  index: "src/index.ts",
  server: "reference-server/server.ts",
  conformance: "conformance/server/check-server.ts",
  "cli/main": "src/cli/main.ts",
};

/** Points the imports of the official readers at their bundle, which package.json names `#asyncapi`. */
const bundledReaders: Plugin = {
  name: "bundled-readers",
  setup(build) {
    build.onResolve({ filter: /^@asyncapi\/(parser|converter)$/ }, () => ({
      path: "#asyncapi",
      external: true,
    }));
  },
};

/** Writes the licences of all that was bundled beside the bundle. */
const licenses: Plugin = {
  name: "licenses",
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd((result) => {
      const inputs = Object.keys(result.metafile?.inputs ?? {});
      mkdirSync("dist", { recursive: true });
      writeFileSync("dist/THIRD-PARTY-LICENSES.txt", thirdPartyLicenses(inputs, process.cwd()));
    });
  },
};

// Once, before the three builds that write there side by side.
rmSync("dist", { recursive: true, force: true });

export default defineConfig([
  {
    entry: node,
    format: "esm",
    platform: "node",
    target,
    splitting: true,
    dts: true,
    esbuildPlugins: [bundledReaders],
  },
  {
    entry: channels,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    splitting: true,
    dts: true,
  },
  {
    entry: { asyncapi: "scripts/asyncapi-readers.ts" },
    format: "esm",
    platform: "node",
    target,
    minify: true,
    splitting: false,
    noExternal: [/./],
    esbuildPlugins: [licenses],
    esbuildOptions(options) {
      options.mainFields = ["module", "main"];
      options.legalComments = "none";
    },
    // Some of the bundled CommonJS asks for Node's own modules at run time.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  },
]);
