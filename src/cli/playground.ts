/**
 * What the page of `serve` is made of: its built files, the contract as data, and the codecs, which are generated and
 * turned into JavaScript when somebody first asks for them. Every document takes the same way.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import type { PageData, PageEndpoint, PageExample, PageMessage } from "../../playground/page-data.js";
import type { PlaygroundFile, PlaygroundFiles } from "../../reference-server/playground.js";
import type { Contract, Endpoint, Message } from "../contract/contract.js";

export interface PlaygroundOptions {
  readonly serving: string;
  readonly timeScale: number;
  readonly needsToken: boolean;
  /** Name of the only endpoint that is served; all are where absent. */
  readonly endpoint?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const SCRIPT = TYPES[".js"] ?? "";

/** The files of the page for a contract; `undefined` where the page was not built (a checkout without `dist/`). */
export function playgroundFiles(contract: Contract, options: PlaygroundOptions): PlaygroundFiles | undefined {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve("wireproof/package.json")),
    "dist/playground",
  );
  if (!existsSync(join(folder, "index.html"))) return undefined;
  const names = new Set(readdirSync(folder));
  const endpoints = contract.endpoints.filter(({ name }) => (options.endpoint ?? name) === name);
  const codecs = new Map<string, Promise<ReadonlyMap<string, string>>>();

  /** A file of the codec of one endpoint: `endpoint.js` or `wire.js`. */
  async function codec(index: string, file: string): Promise<PlaygroundFile | undefined> {
    const endpoint = endpoints[Number(index)];
    if (endpoint === undefined) return undefined;
    let made = codecs.get(index);
    if (made === undefined) {
      made = codecModules(contract, endpoint);
      codecs.set(index, made);
    }
    const text = (await made).get(file);
    return text === undefined ? undefined : { type: SCRIPT, text };
  }

  return {
    async read(path) {
      if (path === "contract.json") {
        return { type: "application/json", text: JSON.stringify(pageData(contract, endpoints, options)) };
      }
      const [, index, file] = /^codec\/(\d+)\/([a-z]+\.js)$/.exec(path) ?? [];
      if (index !== undefined && file !== undefined) return codec(index, file);
      const type = TYPES[extname(path)];
      if (type === undefined || !names.has(path)) return undefined;
      return { type, text: readFileSync(join(folder, path), "utf8") };
    },
  };
}

/** The generated files of one endpoint as JavaScript. One that cannot be generated becomes a module that says why. */
async function codecModules(contract: Contract, endpoint: Endpoint): Promise<ReadonlyMap<string, string>> {
  const { CodegenError, generate } = await import("../codegen/generate.js");
  const { transform } = await import("sucrase");
  try {
    const files = await generate({ ...contract, endpoints: [endpoint] });
    return new Map(
      files
        .filter(({ path }) => path.endsWith(".ts"))
        .map(({ path, text }) => [
          path === "wire.ts" ? "wire.js" : "endpoint.js",
          transform(text, { transforms: ["typescript"], disableESTransforms: true }).code,
        ]),
    );
  } catch (cause) {
    if (!(cause instanceof CodegenError)) throw cause;
    return new Map([["endpoint.js", `throw new Error(${JSON.stringify(cause.message)});\n`]]);
  }
}

function pageData(contract: Contract, endpoints: readonly Endpoint[], options: PlaygroundOptions): PageData {
  const { title, version, definitions } = contract;
  const { serving, timeScale, needsToken } = options;
  return {
    title,
    version,
    serving,
    timeScale,
    needsToken,
    definitions,
    endpoints: endpoints.map(pageEndpoint),
  };
}

function pageEndpoint(endpoint: Endpoint, index: number): PageEndpoint {
  const { name, title, description, address, parameters, query, protocol } = endpoint;
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    address,
    transport: protocol.transport,
    parameters,
    ...(query === undefined ? {} : { query }),
    codec: `codec/${index}/endpoint.js`,
    never: protocol.never,
    commands: endpoint.commands.map((message) => pageMessage(message, exchanged(endpoint, message.name))),
    events: endpoint.events.map((message) => pageMessage(message, [])),
  };
}

function pageMessage(message: Message, exchanges: readonly PageExample[]): PageMessage {
  const { name, payload, wireName, summary } = message;
  const examples = message.examples.map((example, index) => ({
    label: example.summary ?? example.name ?? `example ${index + 1}`,
    payload: example.payload,
    template: false,
  }));
  return {
    name,
    payload,
    ...(wireName === undefined ? {} : { wireName }),
    ...(summary === undefined ? {} : { summary }),
    // Those of the exchanges go first: they are known to lead to something.
    examples: [...exchanges, ...examples],
  };
}

/** The payloads that the known exchanges send as this command, each once. */
function exchanged({ exchanges }: Endpoint, command: string): PageExample[] {
  const found = new Map<string, PageExample>();
  for (const { name, steps } of exchanges?.list ?? []) {
    for (const step of steps) {
      if (!("send" in step) || step.send.message !== command) continue;
      const { payload } = step.send;
      const key = JSON.stringify(payload);
      if (!found.has(key)) found.set(key, { label: name, payload, template: true });
    }
  }
  return [...found.values()];
}
