/** Whether a frame that its writer takes for one message is looked at as that message by a reader of another contract. */

import { alwaysPresent, constantsOf } from "../constants.js";
import type {
  Contract,
  Direction,
  Discriminator,
  DiscriminatorRow,
  Endpoint,
  Json,
  Message,
} from "../contract.js";
import { discriminatorOf, EVENT_FIELD } from "../discriminate.js";
import { canonicalJson } from "../same-json.js";

/** An endpoint with the schemas that it refers to. */
export interface Speaker {
  readonly endpoint: Endpoint;
  readonly definitions: Contract["definitions"];
}

export interface NamingQuestion {
  readonly direction: Direction;
  readonly writer: Speaker;
  readonly reader: Speaker;
  /** The message of the writer. */
  readonly message: Message;
}

/** What becomes of the frames of a message that both contracts have; `payload` still has to be compared. */
export type Naming =
  | { readonly kind: "named" }
  | { readonly kind: "renamed"; readonly writer: string; readonly reader: string }
  | { readonly kind: "undecided" };

/** Whether the reader looks at each valid frame of the writer's message as the message that it became. */
export function nameAtReader(question: NamingQuestion, became: Message): Naming {
  const { direction, writer, reader, message } = question;
  const [w, r] = [discriminatorOf(writer.endpoint, direction), discriminatorOf(reader.endpoint, direction)];
  const [rowW, rowR] = [rowOf(w, message), rowOf(r, became)];
  // A binary message, or an acknowledgement, has no frame that would have to be named.
  if (rowR === undefined || rowW === undefined || r.origin === "none") return { kind: "named" };
  const [field = ""] = r.fields;
  const sameField = w.origin === "declared" && w.fields[0] === field;
  const [written, known] = [rowW.values[0] ?? [], rowR.values[0] ?? []];
  const isKnown = written.length > 0 && written.every((value) => includes(known, value));
  const isTag = w.origin === r.origin && w.fields[0] === field && written.length > 0 && known.length > 0;
  if (isTag && !isKnown) return { kind: "renamed", writer: list(written), reader: list(known) };
  if (w.origin === "declared" && r.origin === "declared" && !sameField) {
    return { kind: "renamed", writer: label(w.fields[0]), reader: label(field) };
  }
  if (sameTable(w, r, rowW, rowR)) return { kind: "named" };
  const decided = r.origin === "declared" ? declaredNames : inferredNames;
  return decided(r, rowR, became, reader, sameField && isKnown) ? { kind: "named" } : { kind: "undecided" };
}

/** What the reader does with frames of a message that it does not know. */
export function unknownAtReader({ direction, writer, reader, message }: NamingQuestion): boolean {
  const [w, r] = [discriminatorOf(writer.endpoint, direction), discriminatorOf(reader.endpoint, direction)];
  if (r.rows.length === 0) return true;
  const row = rowOf(w, message);
  const [field] = r.fields;
  if (row === undefined || field === undefined || r.origin === "none") return false;
  const known = r.rows.map(({ values }) => values[0] ?? []);
  if (known.some((values) => values.length === 0)) return false;
  const sameField = w.origin === "declared" && w.fields[0] === field;
  const constants =
    field === EVENT_FIELD ? undefined : constantsOf(message.payload, writer.definitions).get(field);
  const present =
    sameField || (field !== EVENT_FIELD && alwaysPresent(message.payload, writer.definitions, field));
  const written = sameField ? row.values[0] : constants;
  if (!present || written === undefined || written.length === 0) return false;
  // A name of a type that no known name has is called missing, not unknown.
  const types = new Set(known.flat().map((value) => typeof value));
  return written.every(
    (value) =>
      (typeof value === "string" || types.has(typeof value)) &&
      !known.some((values) => includes(values, value)),
  );
}

/** Under a declared discriminator: named by the outer field, and not lost on an inner one. */
function declaredNames(
  reader: Discriminator,
  row: DiscriminatorRow,
  became: Message,
  { definitions }: Speaker,
  isKnown: boolean,
): boolean {
  const constants = constantsOf(became.payload, definitions);
  const certain = (field: string) =>
    field !== EVENT_FIELD && constants.has(field) && alwaysPresent(became.payload, definitions, field);
  const [field = ""] = reader.fields;
  if (!isKnown && !certain(field)) return false;
  const sharing = reader.rows.filter(
    (other) => other !== row && other.values[0]?.some((value) => includes(row.values[0] ?? [], value)),
  );
  return sharing.length === 0 || reader.fields.slice(1).every(certain);
}

/** Under an inferred one: a row whose every field has constants stays, unless a rule of presence takes it away. */
function inferredNames(reader: Discriminator, row: DiscriminatorRow): boolean {
  if (row.values.some((values) => values.length === 0)) return false;
  const others = reader.rows.filter((other) =>
    reader.presence.some((rule) => rule.message === other.message),
  );
  return others.every((other) =>
    reader.fields.some(
      (_, index) =>
        row.optional?.[index] !== true &&
        (other.values[index] ?? []).length > 0 &&
        !(other.values[index] ?? []).some((value) => includes(row.values[index] ?? [], value)),
    ),
  );
}

/** Both tell their messages apart in the same way: the same fields, values and rules, whatever the messages are called. */
function sameTable(
  w: Discriminator,
  r: Discriminator,
  rowW: DiscriminatorRow,
  rowR: DiscriminatorRow,
): boolean {
  const [ofW, ofR] = [tableOf(w), tableOf(r)];
  return ofW.whole === ofR.whole && ofW.rows.get(rowW) === ofR.rows.get(rowR);
}

interface Table {
  /** All that tells messages apart, in an order of its own. */
  readonly whole: string;
  readonly rows: ReadonlyMap<DiscriminatorRow, string>;
}

// Asked for once a message, and as long as all of them together.
const tables = new WeakMap<Discriminator, Table>();

function tableOf(discriminator: Discriminator): Table {
  const known = tables.get(discriminator);
  if (known !== undefined) return known;
  const { origin, fields } = discriminator;
  const rows = new Map(
    discriminator.rows.map((row) => [row, `${rowText(row)}${presenceText(discriminator, row)}`]),
  );
  const table = { whole: canonicalJson([origin, fields, [...rows.values()].sort()]), rows };
  tables.set(discriminator, table);
  return table;
}

function rowText(row: DiscriminatorRow): string {
  return canonicalJson([row.values.map((values) => values.map(canonicalJson).sort()), row.optional ?? []]);
}

function presenceText({ presence }: Discriminator, row: DiscriminatorRow): string {
  return presence.find(({ message }) => message === row.message)?.pointer ?? "";
}

function rowOf({ rows }: Discriminator, message: Message): DiscriminatorRow | undefined {
  return rows.find((row) => row.message === message.name);
}

function includes(values: readonly Json[], value: Json): boolean {
  return values.some((other) => canonicalJson(other) === canonicalJson(value));
}

function list(values: readonly Json[]): string {
  return values.map((value) => JSON.stringify(value)).join(", ");
}

function label(field = ""): string {
  return field === "" ? "no field" : `\`${/^\/[^/~]+$/.test(field) ? field.slice(1) : field}\``;
}
