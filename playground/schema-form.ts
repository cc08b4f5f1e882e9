/** Makes the fields for a schema: objects, lists and alternatives here, single values in `field.ts`. */

import type { Json, JsonSchema } from "../src/contract/contract.js";
import { button, element, newId, prose } from "./element.js";
import { type Field, naming, type Place, scalarField } from "./field.js";
import { type Definitions, type FormSchema, resolve, sameJson, typesOf } from "./schema.js";

/** Deeper values are written as JSON: a schema may hold itself. */
const MAX_DEPTH = 12;

/** A form for one value. */
export function createSchemaForm(schema: JsonSchema, definitions: Definitions): Field {
  return fieldFor({ schema, label: "", pointer: "", required: true, depth: 0 });

  function fieldFor(place: Place): Field {
    const resolved = resolve(place.schema, definitions);
    const [type, ...others] = typesOf(resolved);
    const { properties, items } = resolved;
    if (place.depth > MAX_DEPTH || resolved.const !== undefined || resolved.enum !== undefined) {
      return maybeConstant(place, resolved);
    }
    const alternatives = resolved.anyOf ?? resolved.oneOf;
    if (alternatives !== undefined && properties === undefined) {
      return optional(place, resolved, () => alternativesField(place, resolved, alternatives));
    }
    if (type === "object" && others.length === 0 && properties !== undefined && alternatives === undefined) {
      return optional(place, resolved, () => objectField(place, resolved, properties));
    }
    if (type === "array" && others.length === 0 && items !== undefined && !Array.isArray(items)) {
      // Not an array, so it is the schema of each item.
      return optional(place, resolved, () => listField(place, resolved, items as JsonSchema));
    }
    return scalarField(place, alternatives === undefined ? resolved : {});
  }

  function maybeConstant(place: Place, resolved: FormSchema): Field {
    const deep = place.depth > MAX_DEPTH;
    if (deep || resolved.const === undefined) return scalarField(place, deep ? {} : resolved);
    return optional(place, resolved, () => scalarField(place, resolved));
  }

  /** What has no empty form gets a box to tick. Made when it is ticked: a schema may hold itself. */
  function optional(place: Place, schema: FormSchema, make: () => Field): Field {
    if (place.required) return make();
    const box = element("input", { type: "checkbox", id: newId() });
    const body = element("div", { class: "optional-body" });
    let inner: Field | undefined;
    const show = (): void => {
      if (box.checked && inner === undefined) {
        inner = make();
        body.append(inner.element);
      }
      body.hidden = !box.checked;
    };
    box.addEventListener("change", show);
    show();
    const label = element("label", { for: box.id }, ...naming(place, schema));
    return {
      element: element(
        "div",
        { class: "field optional", "data-pointer": place.pointer },
        element("div", { class: "tick" }, box, label),
        body,
      ),
      read: () => (box.checked ? inner?.read() : undefined),
      write(value) {
        box.checked = value !== undefined;
        show();
        if (value !== undefined) inner?.write(value);
      },
    };
  }

  function objectField(
    place: Place,
    schema: FormSchema,
    properties: Readonly<Record<string, JsonSchema>>,
  ): Field {
    const required = new Set(schema.required);
    const fields = Object.entries(properties).map(([name, property]) => ({
      name,
      field: fieldFor({
        schema: property,
        label: name,
        pointer: `${place.pointer}/${escaped(name)}`,
        required: required.has(name),
        depth: place.depth + 1,
      }),
    }));
    const children = fields.map((row) => row.field.element);
    const body = group(
      place,
      schema,
      children.length > 0 ? children : [element("p", { class: "none" }, "No fields.")],
    );
    // Fields that the schema allows and does not name. They are shown where a value has some.
    const others = scalarField({ ...place, label: "other fields", required: false }, {});
    const names = new Set(fields.map(({ name }) => name));
    return {
      element: body,
      read() {
        const entries = fields.map(({ name, field }) => [name, field.read()] as const);
        const more = others.element.parentElement === null ? {} : others.read();
        // The filter leaves no undefined; fromEntries defines what it holds, also a field called `__proto__`.
        const named = Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject;
        return isJsonObject(more) ? { ...more, ...named } : named;
      },
      write(value) {
        for (const { name, field } of fields) field.write(member(value, name));
        const more = isJsonObject(value) ? Object.entries(value).filter(([name]) => !names.has(name)) : [];
        others.element.remove();
        if (more.length === 0 || schema.additionalProperties === false) return;
        others.write(Object.fromEntries(more));
        body.append(others.element);
      },
    };
  }

  function listField(place: Place, schema: FormSchema, items: JsonSchema): Field {
    const list = element("ol", { class: "items" });
    const rows: { readonly field: Field; readonly row: HTMLElement }[] = [];
    const adder = button(
      "Add item",
      () => {
        add();
        rows.at(-1)?.row.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
      },
      place.label === "" ? {} : { "aria-label": `Add item to ${place.label}` },
    );

    function add(value?: Json): void {
      const number = rows.length;
      const field = fieldFor({
        schema: items,
        label: `${place.label === "" ? "item" : place.label} ${number + 1}`,
        pointer: `${place.pointer}/${number}`,
        required: true,
        item: true,
        depth: place.depth + 1,
      });
      const remove = button(
        "Remove",
        () => {
          // Numbers and pointers of those behind it change: they are made again.
          const values = rows.map((row) => tryRead(row.field));
          values.splice(rows.indexOf(added), 1);
          write(values.map((left) => left ?? null));
          adder.focus();
        },
        { class: "quiet", "aria-label": `Remove ${place.label === "" ? "item" : place.label} ${number + 1}` },
      );
      const row = element("li", {}, field.element, remove);
      const added = { field, row };
      rows.push(added);
      list.append(row);
      if (value !== undefined) field.write(value);
    }

    function write(value: Json | undefined): void {
      rows.length = 0;
      list.replaceChildren();
      for (const item of Array.isArray(value) ? value : []) add(item);
    }

    for (let count = 0; count < Math.min(schema.minItems ?? 0, 8); count++) add();
    return {
      element: group(place, schema, [list, adder]),
      read: () => rows.map(({ field }) => field.read() ?? null),
      write,
    };
  }

  function alternativesField(place: Place, schema: FormSchema, alternatives: readonly JsonSchema[]): Field {
    const select = element("select", { id: newId() });
    const body = element("div", { class: "alternative" });
    let inner: Field | undefined;
    // Without a name of its own: the box beside the choice has it.
    const inside: Omit<Place, "schema"> = {
      ...place,
      label: "",
      required: true,
      item: true,
      depth: place.depth + 1,
    };
    const choose = (index: number): Field => {
      const made = fieldFor({ ...inside, schema: alternatives[index] ?? true });
      select.value = String(index);
      body.replaceChildren(made.element);
      inner = made;
      return made;
    };
    for (const [index, alternative] of alternatives.entries()) {
      select.append(element("option", { value: index }, titleOf(resolve(alternative, definitions), index)));
    }
    select.addEventListener("change", () => choose(Number(select.value)));
    choose(0);
    const label = element("label", { for: select.id }, ...naming(place, { ...schema, type: [] }));
    return {
      element: element("div", { class: "field choice", "data-pointer": place.pointer }, label, select, body),
      read: () => inner?.read(),
      write(value) {
        for (const index of alternatives.keys()) {
          choose(index).write(value);
          if (sameJson(tryRead(inner), value)) return;
        }
        choose(0).write(value);
      },
    };
  }

  /** Fields that belong together, in a frame where they have a name. */
  function group(place: Place, schema: FormSchema, children: readonly HTMLElement[]): HTMLElement {
    const attributes = { "data-pointer": place.pointer };
    const about =
      schema.description === undefined || place.depth === 0
        ? []
        : [element("small", { class: "about" }, ...prose(schema.description))];
    // Behind its box, or its choice, it would have the same name twice.
    if (!place.required || place.label === "") {
      return element("div", { class: "group", ...attributes }, ...about, ...children);
    }
    const legend = element("legend", {}, ...naming(place, schema));
    return element("fieldset", { class: "group", ...attributes }, legend, ...about, ...children);
  }
}

/** The value of a field, or undefined where it holds none that can be read. */
export function tryRead(field: Field | undefined): Json | undefined {
  try {
    return field?.read();
  } catch {
    return undefined;
  }
}

/** What an alternative is called: its title, the constant that tells it, or its number. */
function titleOf(schema: FormSchema, index: number): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const types = typesOf(schema).join(" or ");
  return types === "" ? `alternative ${index + 1}` : types;
}

type JsonObject = { readonly [key: string]: Json };

const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const member = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
