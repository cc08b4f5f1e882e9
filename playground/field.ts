/** A field of a form made from a schema, and the fields for single values. */

import type { Json, JsonSchema } from "../src/contract/contract.js";
import { button, element, newId, prose } from "./element.js";
import { type FormSchema, sameJson, typesOf, wish } from "./schema.js";

/** Shows one value and lets a person change it. */
export interface Field {
  readonly element: HTMLElement;
  /** The value as it stands there, right or wrong; `undefined`: absent. Throws {@link Unreadable} for what is no JSON. */
  read(): Json | undefined;
  /** Shows the value as well as it can; `undefined`: absent. */
  write(value: Json | undefined): void;
}

/** Where a field stands. */
export interface Place {
  readonly schema: JsonSchema;
  /** Name of the property, or which item it is; empty: the whole value. */
  readonly label: string;
  readonly pointer: string;
  readonly required: boolean;
  /** True for an item of a list, which is there or not. */
  readonly item?: boolean;
  /** How many schemas are around it. */
  readonly depth: number;
}

/** What somebody wrote is no JSON. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** More examples than this nobody reads. */
const MAX_OFFERS = 50;
/** Longer strings than this get a field that grows. */
const LINE = 200;

/** The field for a schema that wants one scalar, or whatever the other fields cannot draw. */
export function scalarField(place: Place, schema: FormSchema): Field {
  const types = typesOf(schema);
  const only = types.length === 1 ? types[0] : undefined;
  if (schema.const !== undefined) return constantField(place, schema.const);
  if (schema.enum !== undefined) return choiceField(place, schema, schema.enum);
  if (only === "boolean") return choiceField(place, schema, [true, false]);
  if (only === "null") return constantField(place, null);
  if (only === "integer" || only === "number") return numberField(place, schema);
  if (only === "string") return textField(place, schema);
  return jsonField(place, schema, types);
}

/** A value that there is no choice about. */
function constantField(place: Place, value: Json): Field {
  const text = JSON.stringify(value);
  return {
    element: element(
      "div",
      { class: "field fixed", "data-pointer": place.pointer },
      element("span", {}, place.label),
      element("code", {}, text),
    ),
    read: () => value,
    write: () => {},
  };
}

function choiceField(place: Place, schema: FormSchema, values: readonly Json[]): Field {
  const select = element("select", { id: newId() });
  if (!place.required) {
    const standard = schema.default === undefined ? "" : ` (${JSON.stringify(schema.default)})`;
    select.append(element("option", { value: "" }, `– left out${standard} –`));
  }
  for (const [index, value] of values.entries()) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    select.append(element("option", { value: index }, text));
  }
  return {
    element: labelled(place, schema, select),
    read: () => (select.value === "" ? undefined : values[Number(select.value)]),
    write(value) {
      const index = values.findIndex((candidate) => sameJson(candidate, value));
      if (index >= 0) select.value = String(index);
      else select.selectedIndex = 0;
    },
  };
}

function numberField(place: Place, schema: FormSchema): Field {
  // A text field: one of type number tells nothing about what it cannot read.
  const input = element("input", { id: newId(), type: "text", inputmode: "decimal", autocomplete: "off" });
  return {
    element: labelled(place, schema, input),
    read() {
      const text = input.value.trim();
      if (text === "") return place.required ? "" : undefined;
      return Number.isFinite(Number(text)) ? Number(text) : text;
    },
    write(value) {
      input.value = value === undefined ? "" : String(value);
    },
  };
}

function textField(place: Place, schema: FormSchema): Field {
  const { format, maxLength = Number.POSITIVE_INFINITY } = schema;
  const long = format === undefined && maxLength > LINE;
  const attributes = { id: newId(), autocomplete: "off", spellcheck: "false" };
  const input = long
    ? element("textarea", { ...attributes, rows: 1 })
    : element("input", { ...attributes, type: "text" });
  const invent = INVENTED[format ?? ""];
  const offered = schema.examples === undefined || long ? [] : [offer(input, schema.examples)];
  const inventor =
    invent === undefined
      ? []
      : [
          button(
            invent.label,
            () => {
              input.value = invent.make();
            },
            { "aria-label": `${invent.label} for ${place.label}` },
          ),
        ];
  return {
    element: labelled(place, schema, input, [...offered, ...inventor]),
    read: () => (input.value === "" && !place.required ? undefined : input.value),
    write(value) {
      input.value = typeof value === "string" ? value : "";
    },
  };
}

/** Shows examples while somebody types. */
function offer(input: HTMLElement, examples: readonly Json[]): HTMLElement {
  const values = examples.slice(0, MAX_OFFERS).map((value) => element("option", { value: String(value) }));
  const list = element("datalist", { id: newId() }, ...values);
  input.setAttribute("list", list.id);
  return list;
}

/** Values that nobody likes to type. */
const INVENTED: Readonly<Record<string, { readonly label: string; make(): string }>> = {
  uuid: { label: "New", make: newUuid },
  "date-time": { label: "Now", make: () => new Date().toISOString() },
};

/** A random UUID. `crypto.randomUUID` is not there on a page from another machine without TLS. */
export function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // Version 4, variant 1 (RFC 9562 §5.4).
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Any value as JSON; where a string is allowed, text that is no other allowed JSON is that string. */
function jsonField(place: Place, schema: FormSchema, types: readonly string[]): Field {
  const input = element("textarea", { id: newId(), class: "code", rows: 1, spellcheck: "false" });
  const takesText = types.includes("string");
  // Something to begin with, so that what has to be there can be read.
  if (place.required && !takesText) input.value = types.includes("array") ? "[]" : "{}";
  return {
    element: labelled(place, schema, input),
    read() {
      const text = input.value;
      if (text.trim() === "" && !place.required) return undefined;
      try {
        return JSON.parse(text);
      } catch {
        if (takesText) return text;
        throw new Unreadable(place.pointer, "This is no JSON.");
      }
    },
    write(value) {
      if (value === undefined) input.value = "";
      else if (takesText && typeof value === "string" && !isJson(value)) input.value = value;
      else input.value = JSON.stringify(value, null, 2);
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A control with its name, what is wanted, and what it means. */
function labelled(
  place: Place,
  schema: FormSchema,
  control: HTMLElement,
  extra: readonly HTMLElement[] = [],
): HTMLElement {
  if (place.required) control.setAttribute("aria-required", "true");
  const label = element("label", { for: control.id }, ...naming(place, schema));
  const field = element("div", { class: "field", "data-pointer": place.pointer }, label);
  field.append(extra.length === 0 ? control : element("div", { class: "beside" }, control, ...extra));
  if (schema.description !== undefined) {
    const about = element("small", { id: newId(), class: "about" }, ...prose(schema.description));
    control.setAttribute("aria-describedby", about.id);
    field.append(about);
  }
  return field;
}

/** Name, whether it is required, and what is wanted. */
export function naming(place: Place, schema: FormSchema): (Node | string)[] {
  const parts: (Node | string)[] = [
    element("span", { class: "name" }, place.label === "" ? "value" : place.label),
  ];
  if (place.required && place.item !== true)
    parts.push(" ", element("span", { class: "required" }, "required"));
  const wanted = schema.enum === undefined ? wish(schema) : "";
  if (wanted !== "") parts.push(" ", element("small", {}, wanted));
  return parts;
}
