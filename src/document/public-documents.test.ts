/** Documents of other people, read where they lie: none is part of this repository. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requirement } from "../../test/requirement.js";
import type { Contract, Discriminator } from "../contract/contract.js";
import { diffContracts } from "../contract/diff/diff.js";
import { respelled } from "../contract/diff/test-documents.js";
import { lintDocument } from "./lint.js";
import { loadContract } from "./load.js";
import { readContract } from "./read-contract.js";

const documents = requirement("documents");
if (!documents.available) console.info(`Public documents are left out: ${documents.reason}`);

/** By document: its endpoints, with the number of commands and events and what tells each apart. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  "ballerina-cyclic-record.yaml": ["/albums/{id}: 7 by /event, 7 by /event"],
  "binance-um-futures.yaml": ["/: 17 by presence, 16 by /method"],
  "chanx-fastapi.yaml": [
    "/ws/chat: 3 by /action, 6 by /action",
    "/ws/reliable: 2 by /action, 3 by /action",
    "/ws/notifications: 2 by /action, 2 by /action",
    "/ws/analytics: 2 by /action, 2 by /action",
    "/ws/system: 2 by /action, 2 by /action",
    "/ws/background_jobs: 2 by /action, 3 by /action",
    "/ws/room/{room_name}: 2 by /action, 2 by /action",
    "/ws/topics: 3 by /action, 4 by /action",
    "/ws/topics/room/{room_name}: 2 by /action, 2 by /action",
  ],
  "coinbase.yaml": [
    "/level2: 1 by shape, 1 by shape",
    "/heartbeat: 1 by shape, 1 by shape",
    "/ticker: 1 by shape, 1 by shape",
  ],
  "discord-gateway.json": ["/: 1 by shape, 0 by shape"],
  "elevenlabs-agent.yaml": ["/AgentMessages: 27 by /type, 10 by /type"],
  "gemini.yaml": ["/v1/marketdata/{symbol}: 0 by shape, 1 by shape"],
  "kraken-many-channels.yaml": ["/: 3 by /event, 5 by /event"],
  "kraken-one-channel.yaml": ["/: 3 by /event, 5 by /event"],
  "kubescape-synchronizer.yaml": ["/: 6 by shape, 6 by shape"],
  "microcks-user-signed-up.yaml": ["/user/signedup: 1 by shape, 0 by shape"],
  "shrekapp.yaml": ["/chat: 1 by shape, 1 by shape", "/travel/status: 0 by shape, 1 by shape"],
  "slack-rtm.yaml": ["/: 1 by shape, 46 by /type /subtype"],
  "spec-social-backend/backend/asyncapi.yaml": [
    "/like/comment: 1 by shape, 0 by shape",
    "/update/comment/likes: 0 by shape, 1 by shape",
  ],
  "spec-social-frontend/frontend/asyncapi.yaml": [
    "/like/comment: 0 by shape, 1 by shape",
    "/update/comment/likes: 1 by shape, 0 by shape",
  ],
  "speechmatics-realtime.yaml": ["/: 15 by /message, 8 by /message"],
  "spicydice.yaml": ["/ws/spicy-dice: 3 by /type, 3 by /type"],
  "tapir-coproduct.yml": ["/animals: 1 by shape, 1 by shape"],
  "warpcast.json": ["/: 2 by /messageType, 3 by /messageType"],
  "zod-sockets-example.yaml": ["/: 4 by shape, 5 by /0"],
};

/** By document: the rules that call something an error, and are right. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  // What `allOf` joins there shuts out its own parts by `additionalProperties: false`.
  "elevenlabs-agent.yaml": ["unsatisfiable-schema"],
  // Two examples break the schema that they stand under.
  "kraken-many-channels.yaml": ["invalid-example"],
  "kraken-one-channel.yaml": ["invalid-example"],
};

/** By document that is refused: where. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "firezone.yml": /^firezone\.yml:53 asyncapi2-message-examples/,
  "klikkflow.yaml": /^klikkflow\.yaml:16 syntax/,
};

const by = ({ origin, fields }: Discriminator): string => {
  if (origin === "none") return "by shape";
  return fields.length > 0 ? `by ${fields.join(" ")}` : "by presence";
};

const summary = ({ endpoints }: Contract): string[] =>
  endpoints.map(
    ({ address, commands, events, protocol }) =>
      `${address}: ${commands.length} ${by(protocol.receive)}, ${events.length} ${by(protocol.send)}`,
  );

describe.skipIf(!documents.available)("the public document", () => {
  const path = (name: string) => join(documents.location, name);

  it.each(Object.entries(TABLE))(
    "%s compiles to a whole contract, and lint answers",
    async (name, expected) => {
      const contract = await loadContract(path(name));
      expect(summary(contract)).toEqual(expected);
      const text = JSON.stringify(contract);
      expect(readContract(text)).toEqual(contract);
      expect(diffContracts(contract, respelled(contract)).changes).toEqual([]);
      expect(text).not.toMatch(/x-parser-|anonymous-schema/);
      const names = contract.endpoints.flatMap((endpoint) => [...endpoint.commands, ...endpoint.events]);
      expect(
        names.filter(
          (message) => /^(publish|subscribe)\.message/.test(message.name) && name !== "coinbase.yaml",
        ),
      ).toEqual([]);
      const { findings } = await lintDocument(path(name));
      const errors = findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
      expect([name, ...new Set(errors)]).toEqual([name, ...(ERRORS[name] ?? [])]);
    },
  );

  it.each(Object.entries(REFUSED))("%s is refused with file and line", async (name, where) => {
    const { findings, contract } = await lintDocument(path(name));
    const errors = findings.filter((finding) => finding.severity === "error");
    expect(errors.map(({ file, line, rule }) => `${file.split("/").pop()}:${line} ${rule}`)[0]).toMatch(
      where,
    );
    expect(contract).toBeUndefined();
    await expect(loadContract(path(name))).rejects.toThrow(/:\d+:\d+ error /);
  });

  it("is in one of the two tables", () => {
    const found = readdirSync(documents.location, { recursive: true, encoding: "utf8" }).filter((name) =>
      /^(?!README|licences|.*common\/).*\.(ya?ml|json)$/.test(name),
    );
    expect(found.sort()).toEqual([...Object.keys(TABLE), ...Object.keys(REFUSED)].sort());
  });
});
