/** A finding stands where the text stands: in another file, behind references, in a document of an older version. */

import { expect, it } from "vitest";
import { ownFindings, writeDocument } from "../test-support/documents.js";

const placesOf = async (files: Readonly<Record<string, string>> | string) =>
  (await ownFindings(writeDocument(files))).map(
    ({ rule, file, line, pointer }) => `${file}:${line} ${rule} ${pointer}`,
  );

it("names the file that a schema was taken from, and the line in it", async () => {
  const found = await placesOf({
    "asyncapi.yaml": `asyncapi: 3.1.0
info: { title: Test, version: 1.0.0 }
servers: { local: { host: localhost, protocol: ws } }
channels:
  c:
    address: /c
    messages:
      ask:
        $ref: messages/ask.yaml
operations:
  take:
    action: receive
    channel: { $ref: '#/channels/c' }
`,
    "messages/ask.yaml": `name: ask
correlationId:
  location: $message.payload#/token
payload:
  $ref: ../schemas/ask.json#/definitions/ask
`,
    "schemas/ask.json": `{
  "definitions": {
    "ask": {
      "type": "object",
      "properties": {
        "id": { "type": "string", "pattern": "(" },
        "part": { "$ref": "part.json" }
      }
    }
  }
}`,
    "schemas/part.json": `{
  "type": "object",
  "nullable": true,
  "required": ["n"],
  "additionalProperties": false
}`,
  });
  expect(found.sort()).toEqual([
    "messages/ask.yaml:3 missing-correlation /correlationId/location",
    "schemas/ask.json:6 invalid-pattern /definitions/ask/properties/id/pattern",
    "schemas/part.json:1 unsatisfiable-schema ",
    "schemas/part.json:3 unknown-keyword /nullable",
  ]);
});

it("names the lines of a 2.x document as it was written, not as it was converted", async () => {
  const found = await placesOf(`asyncapi: 2.6.0
info: { title: Test, version: 1.0.0 }
servers: { local: { url: 'ws://localhost', protocol: ws } }
channels:
  /c:
    publish:
      message:
        oneOf:
          - $ref: '#/components/messages/ask'
          - messageId: stop
            payload:
              type: object
              properties:
                kind: { const: stop }
components:
  messages:
    ask:
      correlationId:
        location: $message.header#/id
      payload:
        type: object
        properties:
          kind: { const: ask, example: ask }
      examples:
        - { name: one, payload: { kind: ask } }
        - { name: one, payload: { kind: ask } }
`);
  expect(found.sort()).toEqual(
    [
      "asyncapi.yaml:17 optional-discriminator",
      "asyncapi.yaml:19 missing-correlation",
      "asyncapi.yaml:23 unknown-keyword",
      "asyncapi.yaml:26 duplicate-example",
    ].map((start) => expect.stringMatching(new RegExp(`^${start} `))),
  );
});
