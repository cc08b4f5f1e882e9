/** The form that sends: pick a command, fill it in or begin with an example, or write the JSON by hand. */

import type { Json } from "../src/contract/contract.js";
import { element, newId, prose } from "./element.js";
import { type Field, newUuid } from "./field.js";
import type { PageEndpoint, PageExample, PageMessage } from "./page-data.js";
import type { Definitions } from "./schema.js";
import { sameJson } from "./schema.js";
import { createSchemaForm, tryRead } from "./schema-form.js";

/** What was wrong with what somebody wanted to send. */
export interface Problem {
  readonly text: string;
  /** JSON pointer into the payload; absent: the whole of it. */
  readonly path?: string;
}

/** Sends a payload as a command; gives back why it was not sent, or undefined. */
export type SendPayload = (command: PageMessage, payload: Json) => Promise<Problem | undefined>;

/** Fills `root` with the form of an endpoint. */
export function showMessageForm(
  root: HTMLElement,
  endpoint: PageEndpoint,
  definitions: Definitions,
  send: SendPayload,
): void {
  const [first] = endpoint.commands;
  if (first === undefined) {
    root.replaceChildren(
      element("p", { class: "none" }, "This channel has no commands: a client only listens."),
    );
    return;
  }
  const uuid = newUuid();
  const commands = element("select", { id: newId() });
  for (const [index, { name }] of endpoint.commands.entries()) {
    commands.append(element("option", { value: index }, name));
  }
  const examples = element("select", { id: newId() });
  const summary = element("p", { class: "about" });
  const rawBox = element("input", { type: "checkbox", id: newId() });
  const rawText = element("textarea", {
    class: "code raw",
    rows: 8,
    spellcheck: "false",
    "aria-label": "The message as JSON",
  });
  const body = element("div", { class: "body" });
  const said = element("p", { class: "said", role: "status" });
  const form = element(
    "form",
    { novalidate: true },
    row("Command", commands),
    summary,
    row("Begin with", examples),
    element("div", { class: "tick" }, rawBox, element("label", { for: rawBox.id }, "Write JSON")),
    body,
    element("div", { class: "actions" }, element("button", { class: "main" }, "Send"), said),
  );
  let command: PageMessage = first;
  let field: Field = createSchemaForm(first.payload, definitions);

  function choose(index: number): void {
    command = endpoint.commands[index] ?? command;
    field = createSchemaForm(command.payload, definitions);
    summary.replaceChildren(...prose(command.summary ?? describe(command)));
    examples.replaceChildren(
      ...command.examples.map(({ label }, at) => element("option", { value: at }, label)),
      element("option", { value: "" }, "nothing"),
    );
    const [example] = command.examples;
    rawBox.checked = false;
    say("");
    show(example && payloadOf(example, uuid));
  }

  /** Shows a value in the fields where they can hold it, else as JSON. */
  function show(value: Json | undefined): void {
    if (rawBox.checked) rawText.value = JSON.stringify(value ?? tryRead(field) ?? {}, null, 2);
    else if (value !== undefined) {
      field.write(value);
      if (!sameJson(tryRead(field), value)) {
        rawBox.checked = true;
        rawText.value = JSON.stringify(value, null, 2);
        say("The fields cannot hold this value as it is, so here it is as JSON.");
      }
    }
    body.replaceChildren(rawBox.checked ? rawText : field.element);
  }

  function read(): Json {
    if (rawBox.checked) return JSON.parse(rawText.value);
    return field.read() ?? null;
  }

  function say(text: string, bad = false): void {
    said.textContent = text;
    said.classList.toggle("bad", bad);
  }

  /** Shows a problem at the field that it is about, or that is around it. */
  function complain({ text, path }: Problem): void {
    const places = [...body.querySelectorAll<HTMLElement>("[data-pointer]")];
    const fits = ({ dataset: { pointer = "" } }: HTMLElement) =>
      path !== undefined && (path === pointer || path.startsWith(`${pointer}/`)) && pointer !== "";
    const at = places.filter(fits).sort((a, b) => pointerLength(b) - pointerLength(a))[0];
    say(path === undefined || path === "" ? text : `${path}: ${text}`, true);
    const control = at?.querySelector<HTMLElement>("input:not([type=checkbox]), select, textarea");
    at?.append(element("p", { class: "problem" }, text));
    control?.setAttribute("aria-invalid", "true");
    control?.focus();
  }

  function forgive(): void {
    say("");
    for (const old of body.querySelectorAll(".problem")) old.remove();
    for (const control of body.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  }

  async function submit(): Promise<void> {
    forgive();
    let payload: Json;
    try {
      payload = read();
    } catch (cause) {
      // Of our own: Unreadable, which has a path, or JSON.parse's SyntaxError, which has none.
      const { message, path } = cause as Error & { path?: string };
      complain({ text: message, ...(path === undefined ? {} : { path }) });
      return;
    }
    const problem = await send(command, payload);
    if (problem === undefined) say(`Sent ${command.name}.`);
    else complain(problem);
  }

  commands.addEventListener("change", () => choose(Number(commands.value)));
  examples.addEventListener("change", () => {
    forgive();
    const example = command.examples[Number(examples.value)];
    if (examples.value !== "" && example !== undefined) return show(payloadOf(example, uuid));
    field = createSchemaForm(command.payload, definitions);
    show(undefined);
  });
  rawBox.addEventListener("change", () => {
    forgive();
    if (rawBox.checked) return show(undefined);
    try {
      show(JSON.parse(rawText.value));
    } catch {
      rawBox.checked = true;
      complain({ text: "This is no JSON, so the fields cannot show it." });
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  choose(0);
  root.replaceChildren(form);
}

function row(name: string, control: HTMLElement): HTMLElement {
  return element("div", { class: "field row" }, element("label", { for: control.id }, name), control);
}

function describe({ payload }: PageMessage): string {
  const description = typeof payload === "object" ? payload["description"] : undefined;
  return typeof description === "string" ? description : "";
}

const pointerLength = ({ dataset: { pointer = "" } }: HTMLElement): number => pointer.length;

const TEXT = "Hello from the playground";

/** The payload of an example, what stands for any value replaced; one uuid for all, so that commands fit each other. */
function payloadOf({ payload, template }: PageExample, uuid: string): Json {
  return template ? filled(payload, uuid) : payload;
}

function filled(value: Json, uuid: string): Json {
  if (typeof value === "string") {
    if (value === "$int") return 1;
    return value.replaceAll("$text", TEXT).replaceAll("$uuid", uuid).replaceAll("$int", "1");
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, uuid));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, filled(part, uuid)]));
}
