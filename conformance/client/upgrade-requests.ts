/** C-HS-01: the upgrade requests of several connections, their keys above all. */
import type { JsonSchema } from "../../src/contract/contract.js";
import { compileSchema } from "../../src/contract/validate.js";
import type { CheckResult } from "../check.js";
import type { TranscriptEntry } from "../transcript.js";
import type { ClientCase, ClientCheck, ClientContext, UpgradeRequest } from "./check.js";
import { firstDelay } from "./reconnecting.js";
import { pongWitness } from "./witness.js";

/** Clients that are launched side by side; one that has to be started by hand is dropped instead. */
const CLIENTS = 3;

/** A first delay that is waited for here (milliseconds): a second request of one client may repeat its key. */
const PATIENT_MS = 5000;

/** A request, and where its case had sent the client. */
interface Recorded {
  readonly request: UpgradeRequest;
  readonly url: string;
  readonly transcript: readonly TranscriptEntry[];
}

/** What a case gave: requests, or why there is none. */
type Gathered =
  | { readonly recorded: readonly Recorded[]; readonly witnessed: boolean }
  | { readonly missing: string; readonly transcript: readonly TranscriptEntry[] };

/** C-HS-01. */
export const upgradeRequests: ClientCheck = {
  id: "C-HS-01",
  smoke: true,
  safe: true,
  async run(context) {
    const count = context.mode === "attach" ? 1 : CLIENTS;
    const gathered = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        context.inCase(`client ${index + 1}`, (scene) => gather(context, scene)),
      ),
    );
    const absent = gathered.find((one) => "missing" in one);
    if (absent !== undefined && "missing" in absent) {
      return {
        verdict: "fail",
        reason: "the client did not connect",
        expected: `a WebSocket handshake at the URL that the client is given, within ${Math.round(context.launchMs)} ms`,
        got: absent.missing,
        mend: "Connect to the URL of the last argument or of WIREPROOF_URL, and stay connected.",
        cases: count,
        transcript: absent.transcript,
      };
    }
    const found = gathered.flatMap((one) => ("recorded" in one ? [one] : []));
    const requests = found.flatMap(({ recorded }) => recorded);
    const fault = requests.flatMap((one) => faultsOf(context, one).map((what) => ({ ...what, one })))[0];
    if (fault !== undefined) {
      return {
        verdict: "fail",
        reason: `an upgrade request is wrong: ${fault.got}`,
        expected: `${fault.expected} (${fault.clause})`,
        got: fault.got,
        cases: count,
        transcript: fault.one.transcript,
      };
    }
    const repeated = repeatedKey(requests, count);
    if (repeated !== undefined) return repeated;
    if (!found.some(({ witnessed }) => witnessed)) {
      return { verdict: "untestable", reason: "no witness: no ping was answered by a pong", cases: count };
    }
    return {
      verdict: "pass",
      reason: `${requests.length} requests were right, each with a key of its own`,
      cases: count,
      ...(context.mode === "browser"
        ? { notes: ["a page cannot set headers: those that the document declares were not looked for"] }
        : {}),
    };
  },
};

async function gather(context: ClientContext, scene: ClientCase): Promise<Gathered> {
  const { transcript, url } = scene;
  const client = await scene.launch();
  const missing = (what: string): Gathered => {
    const words = client.gone === undefined ? what : `${what}; its process ${client.gone}`;
    const output = client.process?.output().slice(-LAST_LINES).join("\n") ?? "";
    return { missing: output === "" ? words : `${words}; it wrote last:\n${output}`, transcript };
  };
  const attempt = await scene.attempt(context.launchMs);
  if (attempt === undefined) return missing("no connection");
  const request = await attempt.request;
  if (request === undefined) return missing("a TCP connection without an HTTP request");
  const recorded = [{ request, url, transcript }];
  const peer = await attempt.accept();
  if (peer === undefined) return { recorded, witnessed: false };
  const witnessed = (await pongWitness(context, scene, peer)).ok;
  const window = firstDelay(context);
  if (window !== undefined && window.maxMs <= PATIENT_MS) {
    peer.destroy();
    const next = await scene.attempt(window.maxMs + context.graceMs());
    const again = await next?.request;
    if (again !== undefined) recorded.push({ request: again, url, transcript });
  }
  return { recorded, witnessed };
}

/** Last lines of a client's output that are shown. */
const LAST_LINES = 6;

function repeatedKey(requests: readonly Recorded[], cases: number): CheckResult | undefined {
  const seen = new Set<string>();
  for (const { request, transcript } of requests) {
    const key = request.headers["sec-websocket-key"];
    // A session of Socket.IO may begin without a WebSocket.
    if (key === undefined) continue;
    if (seen.has(key)) {
      return {
        verdict: "fail",
        reason: "two connections have the same Sec-WebSocket-Key",
        expected: "a key drawn by chance for each connection (RFC 6455 4.1)",
        got: `${key} in two of ${requests.length} requests`,
        mend: "Draw 16 random bytes for each handshake.",
        cases,
        transcript,
      };
    }
    seen.add(key);
  }
  return undefined;
}

interface Fault {
  readonly clause: string;
  readonly expected: string;
  readonly got: string;
}

function faultsOf(context: ClientContext, { request, url }: Recorded): readonly Fault[] {
  return [...request.faults, ...targetFaults(context, request, url), ...headerFaults(context, request)];
}

/** The path and every parameter of the URL that the client was given; what it adds is held against the document alone. */
function targetFaults(
  { endpoint, contract }: ClientContext,
  { target }: UpgradeRequest,
  url: string,
): Fault[] {
  const given = new URL(url);
  const asked = new URL(target, given);
  const socketIo = endpoint.protocol.transport === "socket.io";
  const path = socketIo ? (endpoint.address.split("?")[0] ?? "/") : given.pathname;
  const faults: Fault[] = [];
  const say = (expected: string, got: string): void => {
    faults.push({ clause: "RFC 6455 4.1", expected, got });
  };
  if (asked.pathname !== path && asked.pathname !== `${path}/`) say(`the path ${path}`, asked.pathname);
  const wanted = socketIo ? new URLSearchParams({ EIO: "4" }) : given.searchParams;
  for (const [name, value] of wanted) {
    const found = asked.searchParams.getAll(name);
    if (!found.includes(value)) {
      say(`${name}=${value} in the query`, found.length === 0 ? `no ${name}` : `${name}=${found.join(",")}`);
    }
  }
  const issue = issueOf(endpoint.query, contract.definitions, asked.searchParams, (name) => name);
  if (issue !== undefined) faults.push({ clause: "AsyncAPI ws binding", ...issue });
  return faults;
}

function headerFaults({ endpoint, contract, mode }: ClientContext, { headers }: UpgradeRequest): Fault[] {
  const faults: Fault[] = [];
  const { subprotocols, subprotocolRequired } = endpoint.protocol;
  const offered = (headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (subprotocols.length > 0 && (subprotocolRequired || offered.length > 0)) {
    if (!offered.some((one) => subprotocols.includes(one))) {
      faults.push({
        clause: "RFC 6455 4.1",
        expected: `one of the subprotocols ${subprotocols.join(", ")}`,
        got: offered.length === 0 ? "none was offered" : offered.join(", "),
      });
    }
  }
  if (mode === "browser") return faults;
  const issue = issueOf(endpoint.headers, contract.definitions, new Map(Object.entries(headers)), (name) =>
    name.toLowerCase(),
  );
  return issue === undefined ? faults : [...faults, { clause: "AsyncAPI ws binding", ...issue }];
}

/** What a schema of the ws binding says to texts by name; a number or a truth value may be written as text. */
function issueOf(
  schema: JsonSchema | undefined,
  definitions: ClientContext["contract"]["definitions"],
  texts: { get(name: string): string | null | undefined },
  spelled: (name: string) => string,
): Pick<Fault, "expected" | "got"> | undefined {
  if (schema === undefined || typeof schema === "boolean") return undefined;
  const properties = schema["properties"];
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const names = new Set([
    ...(typeof properties === "object" && properties !== null ? Object.keys(properties) : []),
    ...required.filter((name) => typeof name === "string"),
  ]);
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const text = texts.get(spelled(name));
    if (text !== undefined && text !== null) values[name] = text;
  }
  const validate = compileSchema(schema, definitions, "the ws binding");
  const issue = validate(values);
  if (issue === undefined || validate(readNumbers(values)) === undefined) return undefined;
  return { expected: `${issue.expected} at ${issue.path || "the query or headers"}`, got: issue.received };
}

function readNumbers(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (value === "true" || value === "false") return [name, value === "true"];
      return [name, typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value];
    }),
  );
}
