/**
 * What of a document is tested by which check, and what is not, and why: from the document alone, without a subject.
 * Whether a subject gets as far is said by a run.
 */
import { violationKinds } from "../src/arbitrary/invalid-payload.js";
import type { CloseCode, Contract, Endpoint, JsonSchema, Message } from "../src/contract/contract.js";
import { isObject } from "../src/contract/pointer.js";
import { missingNeed } from "./needs.js";
import { requirementOf, requirements } from "./requirements.js";
import type { RoleName } from "./role.js";
import { graphStates, wantedCoverage } from "./server/routes.js";

/** Who tests something; where nobody does, or only in part, the reason. */
export interface Tested {
  /** Ids of checks; empty: it is not tested. */
  readonly by: readonly string[];
  readonly untested?: string;
}

/** Everything about one endpoint. */
export interface DocumentCoverage {
  readonly endpoint: string;
  readonly clauses: readonly { readonly clause: string; readonly checks: readonly ClauseCheck[] }[];
  readonly operations: readonly OperationCoverage[];
  readonly states: readonly ({ readonly lifecycle: string; readonly state: string } & Tested)[];
  readonly closeCodes: readonly {
    readonly code: string;
    readonly cause: readonly string[];
    readonly by: readonly string[];
    readonly sentBy: CloseCode["by"];
    readonly untested?: string;
  }[];
}

/** A check of a clause; `untested` where it does not apply or is not built. */
export interface ClauseCheck {
  readonly id: string;
  readonly title: string;
  readonly untested?: string;
}

/** One message of one operation, and the keywords of its schema. */
export interface OperationCoverage extends Tested {
  readonly operation: string;
  readonly message: string;
  readonly direction: "command" | "event";
  readonly keywords: readonly ({
    readonly keyword: string;
    /** How often the schema has it. */
    readonly places: number;
  } & Tested)[];
}

/** The rows that look at the parts of a document, in a role. */
const ROWS = {
  server: { command: "S-CD-01", event: "S-CD-02", reply: "S-RR-01", broken: "S-CD-03" },
  client: { command: "C-CD-01", event: "C-CD-02", reply: "C-RR-01", broken: "C-CD-04" },
} as const;

/** What is sent to the subject can be broken on purpose; what it sends itself is what it is. */
const SENT = { server: "command", client: "event" } as const;

/** What the checks of a version cover of an endpoint, where subjects of this role are judged. */
export function coverageOf(
  contract: Contract,
  endpoint: Endpoint,
  checks: readonly { readonly id: string }[],
  role: RoleName = "server",
): DocumentCoverage {
  const built = new Set(checks.map(({ id }) => id));
  /** Why a check tests nothing here; undefined: it does test. */
  const obstacle = (id: string): string | undefined => {
    const requirement = requirementOf(id);
    if (requirement === undefined) return `there is no check ${id}`;
    if (requirement.reserved === true) return "reserved: no document can declare it yet";
    if (!built.has(id)) return "it has no check yet";
    const missing = missingNeed(requirement, endpoint);
    return missing === undefined ? undefined : `the document does not declare ${missing}`;
  };
  const testedBy = (ids: readonly string[], otherwise = "no check looks at it"): Tested => {
    const by = ids.filter((id) => obstacle(id) === undefined);
    if (by.length > 0) return { by };
    const [first] = ids;
    return { by, untested: first === undefined ? otherwise : `${first}: ${obstacle(first)}` };
  };
  return {
    endpoint: endpoint.name,
    clauses: clausesOf(obstacle, role),
    operations: operationsOf(contract, endpoint, testedBy, role),
    states: role === "server" ? statesOf(endpoint, testedBy) : walkedStates(endpoint, testedBy),
    closeCodes: Object.entries(endpoint.closeCodes ?? {}).map(([code, row]) => ({
      code,
      cause: row.cause,
      sentBy: row.by,
      ...(role === "server" ? codeTested(row, testedBy) : reactionTested(row, testedBy)),
    })),
  };
}

type TestedBy = (ids: readonly string[], otherwise?: string) => Tested;

function clausesOf(
  obstacle: (id: string) => string | undefined,
  role: RoleName,
): DocumentCoverage["clauses"] {
  const clauses = new Map<string, ClauseCheck[]>();
  for (const requirement of requirements) {
    if (requirement.role !== role) continue;
    const { id, clause, title } = requirement;
    const untested = obstacle(id);
    const row = { id, title, ...(untested === undefined ? {} : { untested }) };
    clauses.set(clause.text, [...(clauses.get(clause.text) ?? []), row]);
  }
  return [...clauses].map(([clause, list]) => ({ clause, checks: list }));
}

function operationsOf(
  contract: Contract,
  endpoint: Endpoint,
  testedBy: TestedBy,
  role: RoleName,
): OperationCoverage[] {
  const rows = ROWS[role];
  const rowOf = (operation: string, message: Message, direction: "command" | "event", ids: string[]) => {
    const whole = message.binary === true ? binaryMessage(direction) : testedBy(ids);
    const broken = direction === SENT[role] ? rows.broken : undefined;
    const keywords = keywordsOf(contract, message, broken, whole, testedBy);
    return { operation, message: message.name, direction, ...whole, keywords };
  };
  return endpoint.operations.flatMap(({ action, messages, name, reply }): OperationCoverage[] => {
    const own = (message: Message): boolean => messages.includes(message.name);
    if (action === "send") {
      return endpoint.events.filter(own).map((message) => rowOf(name, message, "event", [rows.event]));
    }
    const answered = reply === undefined ? [] : [rows.reply];
    const replies = endpoint.events.filter((message) => reply?.messages.includes(message.name));
    return [
      ...endpoint.commands
        .filter(own)
        .map((message) => rowOf(name, message, "command", [rows.command, ...answered])),
      ...replies.map((message) => rowOf(name, message, "event", [rows.event, ...answered])),
    ];
  });
}

function binaryMessage(direction: "command" | "event"): Tested {
  return { by: [], untested: `a binary ${direction} has no schema that could be held against it` };
}

function keywordsOf(
  contract: Contract,
  message: Message,
  broken: string | undefined,
  whole: Tested,
  testedBy: TestedBy,
): OperationCoverage["keywords"] {
  const places = countKeywords(message.payload, contract.definitions);
  if (broken === undefined || whole.by.length === 0) {
    return [...places].map(([keyword, count]) => ({ keyword, places: count, ...whole }));
  }
  const violated = new Set(
    violationKinds(message.payload, contract.definitions).map(({ keyword }) => keyword),
  );
  return [...places].map(([keyword, count]) => ({
    keyword,
    places: count,
    ...(violated.has(keyword)
      ? testedBy([broken])
      : {
          by: whole.by,
          untested: "no single change of a payload is known to break it: valid payloads only",
        }),
  }));
}

/** The keywords that say what is valid, in the order in which people write them; all others only describe. */
const KEYWORDS = new Set(
  (
    "type enum const required additionalProperties properties patternProperties propertyNames minProperties maxProperties " +
    "dependencies items additionalItems minItems maxItems uniqueItems contains minLength maxLength pattern format " +
    "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf allOf anyOf oneOf not if"
  ).split(" "),
);

/** They hold other schemas and say nothing themselves. */
const HOLDERS = new Set(["properties", "items", "allOf"]);

/** How often a schema has each keyword; a definition counts once, however often it is referred to. */
function countKeywords(payload: JsonSchema, definitions: Contract["definitions"]): Map<string, number> {
  const counts = new Map<string, number>();
  const seen = new Set<unknown>();
  const visit = (schema: unknown): void => {
    if (!isObject(schema) || seen.has(schema)) return;
    seen.add(schema);
    const ref = schema["$ref"];
    if (typeof ref === "string") {
      visit(definitions[ref.replace("#/definitions/", "")]);
      return;
    }
    for (const [keyword, value] of Object.entries(schema)) {
      if (!KEYWORDS.has(keyword)) continue;
      const open = keyword === "additionalProperties" && value === true;
      if (!HOLDERS.has(keyword) && !open) counts.set(keyword, (counts.get(keyword) ?? 0) + 1);
      below(keyword, value);
    }
  };
  const below = (keyword: string, value: unknown): void => {
    // Their members are values or names, not schemas.
    if (["enum", "const", "required", "type"].includes(keyword)) return;
    const maps = ["properties", "patternProperties", "dependencies"];
    const inner = isObject(value) && maps.includes(keyword) ? Object.values(value) : [value].flat();
    for (const one of inner) visit(one);
  };
  visit(payload);
  const order = [...KEYWORDS];
  return new Map([...counts].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
}

function statesOf(endpoint: Endpoint, testedBy: TestedBy): DocumentCoverage["states"] {
  return wantedCoverage(endpoint).flatMap(({ lifecycle, states: wanted }) => {
    const { initial, transitions } = lifecycle;
    const all = new Set([
      initial,
      ...transitions.flatMap(({ from, to }) => [...from.filter((state) => state !== "*"), to]),
    ]);
    const reachable = graphStates(endpoint, lifecycle);
    const states = [...all].filter((state) => state !== "=" && !state.startsWith("$"));
    return states.map((state) => {
      const row = { lifecycle: lifecycle.name, state };
      if (wanted.includes(state)) return { ...row, ...testedBy(["S-SM-01", "S-SM-02", "S-SM-08"]) };
      return reachable.has(state)
        ? {
            ...row,
            ...testedBy(["S-SM-01"]),
            untested: "only where the server chooses to go there: no run asks for it",
          }
        : { ...row, by: [], untested: "no command or event leads there, only what another connection does" };
    });
  });
}

/** A client is where the kit leads it: every state that events and commands lead to. */
function walkedStates(endpoint: Endpoint, testedBy: TestedBy): DocumentCoverage["states"] {
  return endpoint.lifecycles.flatMap((lifecycle) => {
    const { initial, name, transitions } = lifecycle;
    const all = new Set([
      initial,
      ...transitions.flatMap(({ from, to }) => [...from.filter((state) => state !== "*"), to]),
    ]);
    const states = [...all].filter((state) => state !== "=" && !state.startsWith("$"));
    return states.map((state) => ({ lifecycle: name, state, ...testedBy(["C-SM-03", "C-CD-01"]) }));
  });
}

/** Which check provokes a close for a cause; none where a client cannot bring it about. */
const PROVOKED: Readonly<Record<string, readonly string[]>> = {
  done: ["S-SM-01", "S-FR-16"],
  "going-away": ["S-RC-05"],
  restart: ["S-RC-05"],
  overload: ["S-RB-03"],
  binary: ["S-FR-15"],
  "not-utf8": ["S-FR-14"],
  "too-large": ["S-FR-20"],
  frame: ["S-FR-03", "S-FR-05", "S-FR-06", "S-FR-07", "S-FR-08"],
  "bad-parameter": ["S-HS-08"],
  "not-found": ["S-HS-08"],
  unauthorized: ["S-SE-02"],
  forbidden: ["S-SE-01", "S-SE-03"],
  heartbeat: ["S-HB-03"],
  "slow-consumer": ["S-HB-06"],
};

const UNPROVOKED: Readonly<Record<string, string>> = {
  internal: "a client cannot make a correct server fail",
  "too-many": "how many connections are too many is not declared",
};

function codeTested(row: CloseCode, testedBy: TestedBy): Tested {
  if (row.by === "client")
    return { by: [], untested: "the client sends it: it is the client's to be checked" };
  const ids = row.cause.flatMap((cause) => PROVOKED[cause] ?? []);
  const [cause = ""] = row.cause;
  return testedBy(ids, UNPROVOKED[cause]);
}

/** Which check makes a client close for a cause, where it is the client that closes. */
const PROVOKED_OF_CLIENT: Readonly<Record<string, readonly string[]>> = {
  frame: ["C-FR-02"],
  "not-utf8": ["C-FR-03"],
  "too-large": ["C-FR-09"],
  heartbeat: ["C-HB-03"],
};

/** What comes from the server is to be reacted to; what the client sends is provoked. */
function reactionTested(row: CloseCode, testedBy: TestedBy): Tested {
  const provoked = row.by === "server" ? [] : row.cause.flatMap((cause) => PROVOKED_OF_CLIENT[cause] ?? []);
  const reacted = row.by === "client" ? [] : ["C-RC-05"];
  return testedBy([...reacted, ...provoked], "no check makes a client close for this");
}
