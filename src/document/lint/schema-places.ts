/** The schemas of a document, each where it was written: what a compiled schema no longer tells. */

import { isObject } from "../../contract/pointer.js";
import { payloadPlace } from "../compile/messages.js";
import { SCHEMA, SCHEMA_LIST, SCHEMA_MAP } from "../compile/schemas.js";
import { entriesAt, follow, identityOf, listAt, memberAt, type Place } from "../place.js";
import { allMessages, type LintContext } from "./rule.js";

const known = new WeakMap<LintContext, readonly Place[]>();

/**
 * Every schema that describes a payload, headers or a handshake, inner ones included, each once and in the order of the
 * document. None of them is a `$ref`: those were followed to the file and place where the schema itself stands.
 */
export function schemasOf(context: LintContext): readonly Place[] {
  const found = known.get(context) ?? collectSchemas(context);
  known.set(context, found);
  return found;
}

function collectSchemas(context: LintContext): Place[] {
  const found: Place[] = [];
  const seen = new Set<string>();
  const visit = (written: Place | undefined): void => {
    if (written === undefined) return;
    const place = follow(written);
    if (!isObject(place.value)) return;
    const identity = identityOf(place);
    if (seen.has(identity)) return;
    seen.add(identity);
    found.push(place);
    for (const inner of innerSchemas(place)) visit(inner);
  };
  for (const root of schemaRoots(context)) visit(root);
  return found;
}

/** The schemas from which all others are reached: payloads and headers of messages, query and headers of handshakes. */
function schemaRoots(context: LintContext): Place[] {
  const messages = allMessages(context.contract).flatMap(({ message }) => context.places.get(message) ?? []);
  const handshakes = entriesAt(memberAt(context.root, "channels")).map(([, channel]) =>
    memberAt(channel, "bindings", "ws"),
  );
  return [
    ...messages.flatMap((message) => [
      payloadPlace(message),
      ...[message, ...listAt(memberAt(message, "traits"))].map((at) => memberAt(at, "headers")),
    ]),
    ...handshakes.flatMap((binding) => [memberAt(binding, "query"), memberAt(binding, "headers")]),
  ].filter((place) => place !== undefined);
}

/** The schemas that stand directly inside one, `$ref`s unfollowed. */
function innerSchemas(place: Place): Place[] {
  return entriesAt(place).flatMap(([keyword, child]): Place[] => {
    const members = () => entriesAt(child).map(([, one]) => one);
    if (SCHEMA.has(keyword)) return [child];
    if (SCHEMA_LIST.has(keyword) || SCHEMA_MAP.has(keyword)) return members();
    if (keyword === "items") return Array.isArray(child.value) ? members() : [child];
    // A list of names stands where a schema may; it is no object, so it is passed over.
    return keyword === "prefixItems" || keyword === "dependencies" ? members() : [];
  });
}
