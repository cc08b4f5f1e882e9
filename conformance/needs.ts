/** Which data a document declares: what it does not declare is not judged. */
import type { Endpoint } from "../src/contract/contract.js";
import type { CheckResult } from "./check.js";
import type { Need, Requirement } from "./requirements.js";

const DECLARED: Readonly<
  Record<Need, { readonly holds: (endpoint: Endpoint) => boolean; readonly what: string }>
> = {
  commands: { holds: ({ commands }) => commands.length > 0, what: "a command" },
  events: { holds: ({ events }) => events.length > 0, what: "an event" },
  "event-name": {
    holds: ({ protocol }) => protocol.send.origin === "declared",
    what: "the field that names an event (x-ws-protocol.discriminator.send)",
  },
  reply: {
    holds: ({ operations }) => operations.some((one) => one.action === "receive" && one.reply !== undefined),
    what: "an operation with a reply",
  },
  correlation: {
    holds: ({ commands }) => commands.some((one) => one.correlation !== undefined),
    what: "a correlation id on a command",
  },
  lifecycle: { holds: ({ lifecycles }) => lifecycles.length > 0, what: "x-ws-lifecycle" },
  first: {
    holds: ({ protocol }) => protocol.first !== undefined && protocol.first !== null,
    what: "x-ws-protocol.first",
  },
  reject: { holds: ({ protocol }) => protocol.reject !== undefined, what: "x-ws-protocol.reject" },
  unknown: { holds: ({ protocol }) => protocol.unknown !== undefined, what: "x-ws-protocol.unknown" },
  "other-name": {
    holds: ({ protocol }) =>
      protocol.receive.origin === "declared" &&
      protocol.unknown?.receive === "error" &&
      (protocol.never.length > 0 ||
        protocol.send.fields.some((field) => !protocol.receive.fields.includes(field))),
    what: "a naming field for commands beside another one (never, or that of the events)",
  },
  echo: {
    holds: ({ exchanges }) => exchanges?.list.some(({ tags }) => tags.includes("echo")) === true,
    what: "an exchange tagged echo",
  },
  "heartbeat-by-client": {
    holds: ({ heartbeat }) =>
      heartbeat?.initiator === "client" && (heartbeat.mode === "application" || heartbeat.mode === "frame"),
    what: "a heartbeat that the client initiates",
  },
  "heartbeat-by-server": {
    holds: ({ heartbeat }) =>
      heartbeat !== undefined && heartbeat.mode !== "none" && heartbeat.initiator === "server",
    what: "a heartbeat that the server initiates",
  },
  patience: {
    holds: ({ heartbeat }) => heartbeat?.patience !== undefined || heartbeat?.initiator === "server",
    what: "what silence leads to (x-ws-heartbeat.patience)",
  },
  audience: { holds: ({ protocol }) => protocol.audience.length > 0, what: "x-ws-protocol.audience" },
  invariants: { holds: ({ invariants }) => invariants.length > 0, what: "x-ws-invariants" },
  query: {
    holds: ({ query, headers, parameters }) =>
      query !== undefined || headers !== undefined || Object.keys(parameters).length > 0,
    what: "a query, headers or parameters of the handshake",
  },
  "text-only": {
    holds: ({ protocol }) => protocol.framesDeclared && protocol.frames === "text",
    what: "x-ws-protocol.frames: text",
  },
  "max-bytes": { holds: ({ protocol }) => protocol.maxBytes !== undefined, what: "x-ws-protocol.maxBytes" },
  rate: { holds: ({ protocol }) => protocol.rate !== undefined, what: "x-ws-protocol.rate" },
  origins: { holds: ({ protocol }) => protocol.origins !== undefined, what: "x-ws-protocol.origins" },
  security: { holds: ({ security }) => security.length > 0, what: "a security scheme" },
  // No extension declares it yet: the rows that need it are reserved.
  resume: { holds: () => false, what: "a way to resume" },
  "close-codes": { holds: ({ closeCodes }) => closeCodes !== undefined, what: "x-ws-close-codes" },
  bulk: {
    holds: ({ exchanges }) => exchanges?.list.some(({ tags }) => tags.includes("bulk")) === true,
    what: "an exchange tagged bulk",
  },
  "command-name": {
    holds: ({ protocol }) => protocol.receive.origin === "declared",
    what: "the field that names a command (x-ws-protocol.discriminator.receive)",
  },
  "other-event-name": {
    holds: ({ protocol }) =>
      protocol.send.origin === "declared" &&
      (protocol.never.length > 0 ||
        protocol.receive.fields.some((field) => !protocol.send.fields.includes(field))),
    what: "a naming field for events beside another one (never, or that of the commands)",
  },
  opening: {
    holds: ({ protocol, lifecycles, events }) =>
      (protocol.first !== undefined && protocol.first !== null) ||
      lifecycles.some(({ initial, transitions }) =>
        transitions.some(
          ({ from, to, on }) =>
            from.includes(initial) &&
            to !== "=" &&
            to !== initial &&
            events.some(({ name }) => on.includes(name)),
        ),
      ),
    what: "an event that opens the session (x-ws-protocol.first, or one that leaves the initial state)",
  },
  interval: {
    holds: ({ heartbeat }) => heartbeat?.intervalMs !== undefined,
    what: "how often is pinged (x-ws-heartbeat.intervalMs)",
  },
  "silence-bound": {
    holds: ({ heartbeat }) =>
      heartbeat !== undefined &&
      heartbeat.mode !== "none" &&
      heartbeat.timeoutMs !== undefined &&
      heartbeat.intervalMs !== undefined,
    what: "when a client gives a silent server up (x-ws-heartbeat.intervalMs and timeoutMs)",
  },
  "told-interval": {
    holds: ({ heartbeat }) => heartbeat?.mode === "engine.io" || typeof heartbeat?.intervalMs === "object",
    what: "a heartbeat whose interval the server tells",
  },
  reconnect: { holds: ({ reconnect }) => reconnect !== undefined, what: "x-ws-reconnect" },
  "max-attempts": {
    holds: ({ reconnect }) => reconnect !== undefined && reconnect.maxAttempts !== null,
    what: "an end of the attempts (x-ws-reconnect.maxAttempts)",
  },
  "reset-after": {
    holds: ({ reconnect }) => reconnect !== undefined && reconnect.resetAfterMs > 0,
    what: "a healthy time that resets the attempts (x-ws-reconnect.resetAfterMs above 0)",
  },
  jitter: {
    holds: ({ reconnect }) =>
      reconnect !== undefined && (reconnect.jitter === "full" || reconnect.jitter > 0),
    what: "x-ws-reconnect.jitter",
  },
  restore: {
    holds: ({ reconnect }) => reconnect !== undefined && reconnect.restore.length > 0,
    what: "what is sent again after a reconnect (x-ws-reconnect.restore)",
  },
  "plain-websocket": {
    holds: ({ protocol }) => protocol.transport === "websocket",
    what: "a plain WebSocket (under Socket.IO its library makes handshakes and frames)",
  },
};

/** What the document would have to declare for the requirement to apply; undefined when it declares everything. */
export function missingNeed(requirement: Requirement, endpoint: Endpoint): string | undefined {
  const missing = requirement.needs.find((need) => !DECLARED[need].holds(endpoint));
  return missing === undefined ? undefined : DECLARED[missing].what;
}

/** What is said of a requirement that the document does not call for; undefined when it does. */
export function notDeclared(requirement: Requirement, endpoint: Endpoint): CheckResult | undefined {
  const missing = missingNeed(requirement, endpoint);
  if (missing === undefined) return undefined;
  return { verdict: "not-applicable", reason: `the document does not declare ${missing}`, cases: 0 };
}

/** What a need is, in words for a reader. */
export function needText(need: Need): string {
  return DECLARED[need].what;
}
