/** The page of `wireproof serve`: one client of ours, any channel of the document, and ways to break it. */

import type { ClientStatus } from "../src/client/status.js";
import { element, newId, part, prose } from "./element.js";
import { createFaultPanel } from "./fault-panel.js";
import type { Field } from "./field.js";
import { garbageOf } from "./garbage.js";
import { type Problem, showMessageForm } from "./message-form.js";
import type { PageData, PageEndpoint, PageMessage } from "./page-data.js";
import { createSchemaForm, tryRead } from "./schema-form.js";
import { loadSide, openSession, type Session, type Side } from "./session.js";
import { createStatusPanel } from "./status-panel.js";
import { createTimeline } from "./timeline.js";

const token = document.querySelector<HTMLMetaElement>("meta[name=wireproof-page]")?.content ?? "";
const timeline = createTimeline(part("events", HTMLElement), part("newest", HTMLElement));
const statusPanel = createStatusPanel(part("status", HTMLElement));
const faultPanel = createFaultPanel(part("faults", HTMLElement), token, timeline);
const channel = part("channel", HTMLSelectElement);
const pace = part("pace", HTMLSelectElement);
const address = part("address", HTMLElement);
const connector = part("connect", HTMLButtonElement);
const heartbeats = part("heartbeats", HTMLInputElement);

/** How often the figures are read while there is a client (ms). */
const COUNT_MS = 250;

/** What is chosen: an endpoint, its codec once it is loaded, and its client while there is one. */
let endpoint: PageEndpoint | undefined;
let side: Promise<Side> | undefined;
let session: Session | undefined;
let counting: ReturnType<typeof setInterval> | undefined;
/** The parameters of the address and the fields of the query. */
let parameters: Field | undefined;
let query: Field | undefined;

async function begin(): Promise<void> {
  const response = await fetch("/playground/contract.json");
  const data: PageData = await response.json();
  part("serving", HTMLElement).textContent = `The ${data.serving} of “${data.title}” ${data.version}`;
  document.title = `${data.title} – wireproof playground`;
  for (const { name } of data.endpoints) channel.append(element("option", {}, name));
  const secret = data.needsToken ? showToken() : undefined;

  const choose = (name: string): void => {
    const found = data.endpoints.find((candidate) => candidate.name === name) ?? data.endpoints[0];
    if (found === undefined) return;
    disconnect();
    channel.value = found.name;
    endpoint = found;
    showEndpoint(found, data);
  };
  channel.addEventListener("change", () => {
    // Replaced, so that Back leaves the page.
    history.replaceState(null, "", `#${encodeURIComponent(channel.value)}`);
    choose(channel.value);
  });
  addEventListener("hashchange", () => choose(decodeURIComponent(location.hash.slice(1))));
  part("connection-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (session === undefined) void connect(data, secret?.value);
    else disconnect();
  });
  part("clear", HTMLButtonElement).addEventListener("click", () => timeline.clear());
  choose(decodeURIComponent(location.hash.slice(1)));
}

function showToken(): HTMLInputElement {
  const input = element("input", { type: "password", id: newId(), autocomplete: "off" });
  address.before(
    element("div", { class: "field" }, element("label", { for: input.id }, "Server’s token"), input),
  );
  return input;
}

/** Shows what an endpoint needs and takes, and loads its codec. */
function showEndpoint(chosen: PageEndpoint, data: PageData): void {
  const { definitions } = data;
  part("about", HTMLElement).replaceChildren(...prose(chosen.description ?? chosen.title ?? ""));
  const names = Object.keys(chosen.parameters);
  parameters = createSchemaForm(
    {
      type: "object",
      required: names,
      properties: Object.fromEntries(names.map((name) => [name, parameterSchema(chosen, name)])),
    },
    definitions,
  );
  parameters.write(Object.fromEntries(names.map((name) => [name, firstValue(chosen, name)])));
  query = chosen.query === undefined ? undefined : createSchemaForm(chosen.query, definitions);
  address.replaceChildren(
    element("p", { class: "address" }, element("code", {}, chosen.address)),
    ...(names.length === 0 ? [] : [parameters.element]),
    ...(query === undefined ? [] : [query.element]),
  );
  showMessageForm(part("message", HTMLElement), chosen, definitions, (command, payload) =>
    send(command, payload),
  );

  const loading = loadSide(chosen.codec);
  side = loading;
  loading.then(
    (loaded) => {
      if (side !== loading) return;
      statusPanel.show({ state: "disconnected", attempt: 0, maxAttempts: null }, loaded);
      faultPanel.offer(loaded, garbageOf(chosen, loaded));
    },
    (cause: unknown) => {
      timeline.add({
        kind: "error",
        name: "no codec",
        text: cause instanceof Error ? cause.message : String(cause),
      });
    },
  );
}

function parameterSchema({ parameters: all }: PageEndpoint, name: string): { [keyword: string]: unknown } {
  const { description, enum: values, examples } = all[name] ?? {};
  return {
    ...(values !== undefined && values.length > 0 ? { enum: values } : { type: "string", maxLength: 200 }),
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
  };
}

function firstValue({ parameters: all }: PageEndpoint, name: string): string {
  const { default: standard, enum: values, examples } = all[name] ?? {};
  return examples?.[0] ?? standard ?? values?.[0] ?? name;
}

async function connect({ timeScale }: PageData, secret: string | undefined): Promise<void> {
  if (endpoint === undefined || side === undefined) return;
  const chosen = endpoint;
  const url = urlOf(chosen, secret);
  const loaded = await side.catch(() => undefined);
  if (loaded === undefined || endpoint !== chosen || session !== undefined) return;
  faultPanel.renewed();
  const opened = await openSession({
    side: loaded,
    url,
    timeScale: timeScale * Number(pace.value),
    timeline,
    hidesHeartbeat: () => heartbeats.checked,
    onStatus(status) {
      statusPanel.show(status, loaded);
      if (status.state !== "connected") faultPanel.renewed();
      showConnector(isAlive(status));
    },
  });
  session = opened;
  counting = setInterval(() => statusPanel.count(opened.stats()), COUNT_MS);
  statusPanel.show(opened.status, loaded);
  statusPanel.count(opened.stats());
  showConnector(isAlive(opened.status));
}

const isAlive = ({ state }: ClientStatus): boolean => state !== "disconnected" && state !== "failed";

function disconnect(): void {
  clearInterval(counting);
  const closing = session;
  session = undefined;
  closing?.close();
  if (closing !== undefined) statusPanel.count(closing.stats());
  showConnector(false);
}

/** The one button that connects and disconnects. */
function showConnector(connected: boolean): void {
  // A client that has ended is not used again: the next Connect may be elsewhere.
  if (!connected && session !== undefined) {
    clearInterval(counting);
    statusPanel.count(session.stats());
    session = undefined;
  }
  connector.textContent = connected ? "Disconnect" : "Connect";
  connector.classList.toggle("main", !connected);
}

/** The URL of an endpoint with what stands in the fields, and the page's own mark. */
function urlOf({ address: template, transport }: PageEndpoint, secret: string | undefined): string {
  const values = fieldsOf(parameters);
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(String(values[name] ?? "")),
  );
  const secure = location.protocol === "https:" ? "s" : "";
  const url = new URL(path, `${transport === "socket.io" ? "http" : "ws"}${secure}://${location.host}`);
  for (const [name, value] of Object.entries(fieldsOf(query))) url.searchParams.append(name, String(value));
  if (secret !== undefined && secret !== "") url.searchParams.set("token", secret);
  url.searchParams.set("wireproof-page", token);
  return url.href;
}

function fieldsOf(field: Field | undefined): Readonly<Record<string, unknown>> {
  const value = tryRead(field);
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** Sends what the form holds; the codec says what is wrong with it. */
async function send(command: PageMessage, payload: unknown): Promise<Problem | undefined> {
  if (session === undefined) return { text: "Not connected: connect first." };
  const packet = endpoint?.transport === "socket.io";
  try {
    session.send(packet ? [command.wireName ?? command.name, payload] : payload);
    return undefined;
  } catch (cause) {
    if (!isDecodeError(cause)) return { text: cause instanceof Error ? cause.message : String(cause) };
    return {
      text: `Expected ${cause.expected}, got ${cause.received}.`,
      path: packet ? cause.path.replace(/^\/1/, "") : cause.path,
    };
  }
}

/** The codec's EncodeError is known by its shape: each generated file has its own. */
function isDecodeError(
  value: unknown,
): value is { readonly path: string; readonly expected: string; readonly received: string } {
  return typeof value === "object" && value !== null && "path" in value && "expected" in value;
}

begin().catch((cause: unknown) => {
  timeline.add({ kind: "error", name: "page", text: `The page could not start: ${String(cause)}` });
});
