/** Frames that no server should send, made from the contract's own examples and proved by its own codec. */

import type { DecodeErrorCode } from "../src/wire/protocol.js";
import type { PageEndpoint } from "./page-data.js";
import type { Side } from "./session.js";

/** One of them. */
export interface Garbage {
  readonly label: string;
  readonly frame: string;
}

/** All that the codec takes as what its label says; the bug that this project began with goes first. */
export function garbageOf(endpoint: PageEndpoint, side: Side): Garbage[] {
  const [field] = side.discriminator.send.filter((pointer) => pointer.startsWith("/"));
  const name = field?.slice(1);
  const values = endpoint.events.flatMap(({ examples, wireName }) =>
    examples.map(({ payload }) => (side.transport === "socket.io" ? [wireName ?? "", payload] : payload)),
  );
  const [other = "kind"] = endpoint.never;
  const named = name !== undefined && !name.includes("/") ? name : undefined;
  const candidates: readonly (readonly [string, readonly string[], readonly DecodeErrorCode[]])[] = [
    [
      `“${other}” instead of “${named}”`,
      named === undefined ? [] : values.map((value) => JSON.stringify(renamed(value, named, other))),
      ["wrong-discriminator"],
    ],
    [
      "a name that nobody knows",
      [
        ...(named === undefined
          ? []
          : values.map((value) => JSON.stringify(changed(value, named, "no_such_event")))),
        JSON.stringify(["no_such_event", {}]),
      ],
      ["unknown-message"],
    ],
    ["a wrong type inside", values.flatMap((value) => bent(value, named)), ["invalid-payload"]],
    ["broken JSON", side.transport === "socket.io" ? [] : values.map(halved), ["not-json"]],
    ["a list instead of an object", ["[1,2,3]"], ["not-object"]],
  ];
  return candidates.flatMap(([label, frames, codes]) => {
    const frame = frames.find((candidate) => {
      const decoded = side.decode(candidate);
      return !decoded.ok && codes.includes(decoded.error.code);
    });
    return frame === undefined || (side.transport === "socket.io" && !isPacket(frame))
      ? []
      : [{ label, frame }];
  });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Applies a change to an object, or to the payload of a Socket.IO packet. */
function inside(value: unknown, change: (fields: Readonly<Record<string, unknown>>) => unknown): unknown {
  if (Array.isArray(value)) return [value[0], inside(value[1], change)];
  return isRecord(value) ? change(value) : value;
}

function renamed(value: unknown, field: string, other: string): unknown {
  return inside(value, ({ [field]: name, ...rest }) => ({ [other]: name, ...rest }));
}

function changed(value: unknown, field: string, name: string): unknown {
  return inside(value, (fields) => ({ ...fields, [field]: name }));
}

/** The value with each field in turn, also those of the objects in it, turned into another type. */
function bent(value: unknown, name: string | undefined): string[] {
  const found: unknown[] = [];
  inside(value, (fields) => {
    for (const key of Object.keys(fields)) {
      if (key === name) continue;
      const inner = fields[key];
      const replace = (by: unknown): unknown => inside(value, (all) => ({ ...all, [key]: by }));
      if (isRecord(inner)) {
        for (const deep of Object.keys(inner)) found.push(replace({ ...inner, [deep]: wrong(inner[deep]) }));
      } else found.push(replace(wrong(inner)));
    }
    return fields;
  });
  return found.map((bentValue) => JSON.stringify(bentValue));
}

const wrong = (value: unknown): unknown => (typeof value === "number" ? "not a number" : 42);

function halved(value: unknown): string {
  const text = JSON.stringify(value);
  return text.slice(0, Math.ceil(text.length * 0.6));
}

/** Socket.IO carries nothing else. */
function isPacket(frame: string): boolean {
  const value: unknown = JSON.parse(frame);
  return Array.isArray(value) && typeof value[0] === "string";
}
