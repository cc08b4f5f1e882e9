import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Plugin, transformSync } from "esbuild";
import { defineConfig } from "tsup";
import { thirdPartyLicenses } from "./scripts/third-party-licenses.js";

const target = "node20.19";

/** One entry for each generated endpoint: `wireproof/<channel>`. */
const channels = Object.fromEntries(
  readdirSync("generated")
    .filter((file) => file.endsWith(".ts") && file !== "wire.ts")
    .map((file) => [file.slice(0, -".ts".length), `generated/${file}`]),
);

/** What users import. */
const library = {
  index: "src/index.ts",
  server: "src/server.ts",
  conformance: "conformance/index.ts",
};

/** What users import into pages. */
const browser = {
  ...channels,
  client: "src/client/client.ts",
  "client-node": "src/client/node.ts",
  "client-socket-io": "src/client/socket-io.ts",
  react: "src/client/react.ts",
};

/** Packages that are bundled, and the import of package.json that leads to the bundle. */
const BUNDLED: Readonly<Record<string, string>> = {
  "@asyncapi/parser": "#asyncapi",
  "@asyncapi/converter": "#asyncapi",
  "json-schema-to-typescript": "#schema-types",
  sucrase: "#type-stripper",
};

/** Points the imports of bundled packages at their bundle. */
const bundled: Plugin = {
  name: "bundled",
  setup(build) {
    build.onResolve({ filter: /^[@\w]/ }, ({ path }) => {
      const target = Object.hasOwn(BUNDLED, path) ? BUNDLED[path] : undefined;
      return target === undefined ? undefined : { path: target, external: true };
    });
  },
};

/** The formatter that the printer of types can call is never called: codegen asks it not to format. */
const noFormatter: Plugin = {
  name: "no-formatter",
  setup(build) {
    build.onResolve({ filter: /^prettier$/ }, ({ path }) => ({ path, namespace: "no-formatter" }));
    build.onLoad({ filter: /.*/, namespace: "no-formatter" }, () => ({
      contents:
        'export const format = () => { throw new Error("The bundle holds no formatter: ask for format: false."); };',
    }));
  },
};

/** Files that any of the builds has bundled so far. */
const inputs = new Set<string>();

/** Writes the licences of all that was bundled beside the bundles. */
const licenses: Plugin = {
  name: "licenses",
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd((result) => {
      for (const input of Object.keys(result.metafile?.inputs ?? {})) inputs.add(input);
      mkdirSync("dist", { recursive: true });
      writeFileSync("dist/THIRD-PARTY-LICENSES.txt", thirdPartyLicenses([...inputs], process.cwd()));
    });
  },
};

/** What of the playground is no script. */
const page: Plugin = {
  name: "page",
  setup(build) {
    build.onEnd(() => {
      mkdirSync("dist/playground", { recursive: true });
      for (const file of ["index.html", "icon.svg"]) {
        copyFileSync(`playground/${file}`, `dist/playground/${file}`);
      }
      const style = readFileSync("playground/style.css", "utf8");
      const { code } = transformSync(style, { loader: "css", minify: true });
      writeFileSync("dist/playground/style.css", code);
    });
  },
};

// Once, before the three builds that write there side by side.
rmSync("dist", { recursive: true, force: true });

export default defineConfig([
  {
    entry: { ...library, "cli/main": "src/cli/main.ts" },
    format: "esm",
    platform: "node",
    target,
    splitting: true,
    dts: { entry: library },
    esbuildPlugins: [bundled],
  },
  {
    entry: browser,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    splitting: true,
    dts: true,
  },
  {
    entry: { main: "playground/main.ts" },
    outDir: "dist/playground",
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    splitting: true,
    noExternal: [/./],
    esbuildPlugins: [page, licenses],
    esbuildOptions(options) {
      options.legalComments = "none";
    },
  },
  {
    entry: {
      asyncapi: "scripts/bundled/asyncapi.ts",
      "schema-types": "scripts/bundled/schema-types.ts",
      "type-stripper": "scripts/bundled/type-stripper.ts",
    },
    format: "esm",
    platform: "node",
    target,
    minify: true,
    splitting: false,
    noExternal: [/./],
    esbuildPlugins: [noFormatter, licenses],
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
