import { describe, expect, it } from "vitest";
import { credentialsFor, mergeHeaders, NO_CONFIG, secretsIn, separateCredentials } from "./credentials.js";

const open = { security: [] };
const url = "ws://127.0.0.1:1/ws?room=a%20b&lang";
const alice = { name: "alice", headers: { Authorization: "Bearer a" }, first: ["hello"] };

describe("the credentials among the settings", () => {
  it("are those of the first identity, and all else is everybody's", () => {
    const settings = separateCredentials(
      { security: [{ name: "key", type: "httpApiKey", in: "query", parameter: "k" }] },
      {
        url,
        headers: { authorization: "Bearer b", "X-Tenant": "acme" },
        query: { k: "1", lang: "en" },
        config: { ...NO_CONFIG, identities: [alice] },
      },
      false,
    );
    expect(settings.headers).toEqual({ "X-Tenant": "acme" });
    expect(settings.query).toEqual({ lang: "en" });
    // What is said on the command line wins over the file, whatever the case of its name.
    expect(settings.config.identities).toEqual([
      { name: "alice", headers: { authorization: "Bearer b" }, query: { k: "1" }, first: ["hello"] },
    ]);
  });

  it("make an identity where the configuration names none, and none where there are none", () => {
    const { config } = separateCredentials(open, { url, headers: { Cookie: "sid=1" } }, false);
    expect(config.identities).toMatchObject([{ name: "default", headers: { Cookie: "sid=1" } }]);
    expect(separateCredentials(open, { url, headers: { "X-A": "1" } }, false).config.identities).toEqual([]);
    expect(separateCredentials(open, { url }, true).config.identities).toMatchObject([{ name: "default" }]);
  });
});

describe("the credentials in a URL", () => {
  it("are those of the first identity as well, and a URL without any stays as it was written", () => {
    const settings = separateCredentials(open, { url: "ws://h:1/ws?room=a&access_token=t0k" }, false);
    expect(settings.url).toBe("ws://h:1/ws?room=a");
    expect(settings.config.identities).toMatchObject([{ name: "default", query: { access_token: "t0k" } }]);
    expect(separateCredentials(open, { url }, false).url).toBe(url);
    expect(separateCredentials(open, { url: "h:81" }, false).url).toBe("h:81");
  });
});

describe("what a connection carries", () => {
  const config = { ...NO_CONFIG, identities: [alice, { name: "bob" }] };
  const fresh = async () => ({ headers: { Authorization: "Bearer new" }, first: ["again"] });

  it("is the first identity's, with what was just given out over it", async () => {
    expect(await credentialsFor(undefined, config, undefined)).toEqual(alice);
    expect(await credentialsFor(undefined, config, fresh)).toMatchObject({
      headers: { Authorization: "Bearer new" },
      first: ["hello", "again"],
    });
  });

  it("is nothing for nobody, and for somebody else his own", async () => {
    expect(await credentialsFor("none", config, fresh)).toEqual({});
    expect(await credentialsFor({ query: { t: "x" } }, config, fresh)).toEqual({ query: { t: "x" } });
  });

  it("is secret: headers, query, and the tokens of first messages", () => {
    const first = ['{"type":"auth","data":{"token":"short","id":"0123456789abcdef"}}', "not json"];
    expect(secretsIn({ headers: { A: "1" }, query: { q: "2" }, first })).toEqual([
      ["A", "1"],
      ["q", "2"],
      ["token", "short"],
      ["id", "0123456789abcdef"],
      ["first", "not json"],
    ]);
  });
});

it("headers over headers keep one of a name", () => {
  expect(mergeHeaders({ "User-Agent": "a", B: "1" }, undefined, { "user-agent": "b" })).toEqual({
    "user-agent": "b",
    B: "1",
  });
});
