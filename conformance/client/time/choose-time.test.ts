import { randomUUID } from "node:crypto";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Endpoint, Heartbeat, Reconnect } from "../../../src/contract/contract.js";
import { requirement } from "../../../test/requirement.js";
import { createJudge } from "../../judge.js";
import { sampleContract, sampleEndpoint } from "../../test-subject.js";
import { monotonic, watchLag } from "../../time.js";
import { inClientCase } from "../case.js";
import type { LaunchMode } from "../check.js";
import { type ClientAdapter, openAdapter } from "../launch/adapter.js";
import { openAttach } from "../launch/attach.js";
import { openSpawn } from "../launch/spawn.js";
import { createPrograms, WS } from "../launch/test-launch.js";
import type { Launcher } from "../launcher.js";
import { createClientRun } from "../run.js";
import { type ChooseTimeOptions, type ChosenTime, type ClientTime, chooseTime } from "./choose-time.js";

const programs = createPrograms();
afterAll(programs.remove);

const launchers: Launcher[] = [];
afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.stop();
});

/** Short enough for a test in real time, long enough to be told from its scaled self. */
const POLICY: Reconnect = {
  strategy: "exponential",
  initialDelayMs: 3000,
  factor: 2,
  maxDelayMs: 48_000,
  jitter: 0,
  maxAttempts: 5,
  onCleanClose: false,
  resetAfterMs: 5000,
  connectTimeoutMs: 10_000,
  offline: "reject",
  restore: [],
};

function endpointWith(declared: {
  readonly reconnect?: Reconnect;
  readonly heartbeat?: Heartbeat;
}): Endpoint {
  const { heartbeat: _, reconnect: __, ...rest } = sampleEndpoint;
  return { ...rest, ...declared };
}

interface Chosen extends ChosenTime {
  /** The times that were tried. */
  readonly tried: readonly ClientTime[];
}

async function choose(
  endpoint: Endpoint,
  mode: LaunchMode,
  open: (time: ClientTime) => Launcher,
  more: Partial<ChooseTimeOptions> = {},
): Promise<Chosen> {
  const contract = sampleContract(endpoint);
  const { signal } = new AbortController();
  const lag = watchLag();
  const tried: ClientTime[] = [];
  try {
    const chosen = await chooseTime({
      wanted: "auto",
      mode,
      contract,
      endpoint,
      signal,
      open: (time) => {
        tried.push(time);
        return open(time);
      },
      rehearse: (launcher, time, script) =>
        inClientCase(
          createClientRun({
            judge: createJudge(contract, endpoint),
            seed: 1,
            runs: 1,
            clock: monotonic,
            lag,
            signal,
            newUuid: randomUUID,
            launchMs: 10_000,
            launcher,
            lever: time.lever,
            timeScale: time.timeScale,
            askedScale: time.askedScale,
          }),
          "time",
          "in which time the client lives",
          script,
        ),
      ...more,
    });
    launchers.push(chosen.launcher);
    return { ...chosen, tried };
  } finally {
    lag.stop();
  }
}

let written = 0;

/** A client in a process of its own: what it waits before it comes back, and before its first ping, in its own time. */
function program(comesBackAfter: string, pingsAfter = "Infinity"): readonly string[] {
  written += 1;
  const file = programs.write(
    `client-${written}.mjs`,
    `import { WebSocket } from ${JSON.stringify(WS)};
     const scale = Number(process.env.WIREPROOF_TIME_SCALE);
     const connect = () => {
       const socket = new WebSocket(process.env.WIREPROOF_URL);
       socket.on("error", () => {});
       socket.on("open", () => {
         if (${pingsAfter} < Infinity) setTimeout(() => socket.send('{"cmd":"ping"}'), ${pingsAfter});
       });
       socket.on("close", () => { if (${comesBackAfter} < Infinity) setTimeout(connect, ${comesBackAfter}); });
     };
     connect();
     setInterval(() => {}, 1000);`,
  );
  return [process.execPath, file];
}

const spawning =
  (argv: readonly string[]) =>
  ({ atOnce, env }: ClientTime): Launcher =>
    openSpawn({ argv, env, ...(atOnce === undefined ? {} : { atOnce }) });

const beating: Heartbeat = {
  mode: "application",
  initiator: "client",
  intervalMs: 4000,
  timeoutMs: 1000,
  ping: "ping",
  pong: "pong",
};

const backOff = endpointWith({ reconnect: POLICY });

describe("a client in a process of its own", () => {
  it("that honours WIREPROOF_TIME_SCALE is judged in scaled time", async () => {
    const argv = program("3000 * scale");
    const chosen = await choose(backOff, "spawn", spawning(argv), { argv });
    expect(chosen).toMatchObject({ lever: "option", timeScale: 0.05, askedScale: 0.05, env: {} });
    expect(chosen.why).toMatch(
      /^asked by WIREPROOF_TIME_SCALE=0\.05 it came back [\d.]+ ms after a drop; each declared second is judged as 50 ms\.$/,
    );
  }, 60_000);

  it.skipIf(!requirement("libfaketime").available)(
    "that ignores it is judged under libfaketime, and not accused",
    async () => {
      const argv = program("3000");
      const chosen = await choose(backOff, "spawn", spawning(argv), { argv });
      expect(chosen).toMatchObject({ lever: "faketime", timeScale: 0.1, askedScale: 1, atOnce: 8 });
      expect(chosen.launcher.atOnce).toBe(8);
      expect(chosen.env["FAKETIME"]).toBe("+0 x10");
      expect(chosen.why).toMatch(
        /^asked by WIREPROOF_TIME_SCALE=0\.05 it did not come back within 1150 ms of a drop; under libfaketime at 10 times the speed it came back/,
      );
    },
    60_000,
  );

  it("that never comes back is judged in real time: nothing else says what it does", async () => {
    const argv = program("Infinity");
    const chosen = await choose(backOff, "spawn", spawning(argv), { argv });
    expect(chosen).toMatchObject({ lever: "real", timeScale: 1, askedScale: 1, env: {} });
    expect(chosen.why).toMatch(/did not come back .* the client is judged in real time\.$/);
  }, 60_000);

  it("that comes back at once fits no time, and is judged in real time", async () => {
    const argv = program("1");
    expect(await choose(backOff, "spawn", spawning(argv), { argv })).toMatchObject({ lever: "real" });
  }, 60_000);

  it("is told by its heartbeat where no reconnect is declared", async () => {
    const argv = program("Infinity", "4000 * scale");
    const chosen = await choose(endpointWith({ heartbeat: beating }), "spawn", spawning(argv), { argv });
    expect(chosen).toMatchObject({ lever: "option" });
    expect(chosen.why).toMatch(/it sent its first ping after/);
  }, 60_000);

  it("lives in real time where the document declares no wait", async () => {
    const chosen = await choose(endpointWith({}), "spawn", spawning(program("1")));
    expect(chosen).toMatchObject({ lever: "real", tried: [{ lever: "real" }] });
    expect(chosen.why).toMatch(/declares no wait/);
  });

  it("that does not come is judged in real time: there its checks say so", async () => {
    const argv = [process.execPath, programs.write("crashing.mjs", "process.exit(5)")];
    const chosen = await choose(backOff, "spawn", spawning(argv), { argv });
    expect(chosen).toMatchObject({ lever: "real" });
    expect(chosen.why).toMatch(
      /^asked by WIREPROOF_TIME_SCALE=0\.05 no client came \(.*\); the client is judged in real time\.$/,
    );
    expect(chosen.tried).toHaveLength(2);
  }, 60_000);
});

describe("who asks for a time by name", () => {
  it("gets real time without a question", async () => {
    const chosen = await choose(backOff, "spawn", spawning(program("3000 * scale")), { wanted: "real" });
    expect(chosen).toMatchObject({ lever: "real", tried: [{ lever: "real" }] });
  });

  it("hears that the client lives in real time all the same", async () => {
    const argv = program("3000");
    const chosen = await choose(backOff, "spawn", spawning(argv), { argv, wanted: "option", timeScale: 0.1 });
    expect(chosen).toMatchObject({ lever: "real" });
    expect(chosen.why).toMatch(/WIREPROOF_TIME_SCALE=0\.1 it came back 3\d{3}(\.\d)? ms after a drop/);
  }, 60_000);

  it("gets the option for a client that fits no declared time: its fault is there in either", async () => {
    const argv = program("1");
    const chosen = await choose(backOff, "spawn", spawning(argv), { argv, wanted: "option", timeScale: 0.1 });
    expect(chosen).toMatchObject({ lever: "option", timeScale: 0.1 });
    expect(chosen.why).toMatch(/fits no declared time/);
  }, 60_000);

  it.skipIf(!requirement("libfaketime").available)(
    "gets libfaketime, or hears why not",
    async () => {
      const argv = program("3000 * scale");
      expect(await choose(backOff, "spawn", spawning(argv), { argv, wanted: "faketime" })).toMatchObject({
        lever: "faketime",
        env: { FAKETIME: "+0 x10" },
      });
      const faster = { argv, wanted: "faketime", timeScale: 0.05 } as const;
      expect(await choose(backOff, "spawn", spawning(argv), faster)).toMatchObject({
        timeScale: 0.05,
        env: { FAKETIME: "+0 x20" },
      });
      const never = program("Infinity");
      await expect(
        choose(backOff, "spawn", spawning(never), { argv: never, wanted: "faketime" }),
      ).rejects.toMatchObject({
        name: "UsageError",
        message: expect.stringMatching(
          /--time faketime cannot be had: under libfaketime .* did not come back/,
        ),
      });
    },
    60_000,
  );
});

/** A client of this process that comes back after three seconds of some time. */
const comingBack =
  (wait: (scene: Parameters<ClientAdapter>[0], action: () => void) => void): ClientAdapter =>
  (scene) => {
    let socket: WebSocket;
    let closed = false;
    const connect = (): void => {
      if (closed) return;
      socket = new WebSocket(scene.url);
      socket.on("error", () => undefined);
      socket.on("close", () => wait(scene, connect));
    };
    connect();
    return {
      commands: {},
      close() {
        closed = true;
        socket.terminate();
      },
    };
  };

describe("a client in the kit's own process", () => {
  const adapting =
    (adapter: ClientAdapter) =>
    ({ speed }: ClientTime): Launcher =>
      openAdapter({ adapter, WebSocket, speed });

  it("that lives by the clock that it is given is judged by it", async () => {
    const adapter = comingBack(({ clock }, action) => clock.setTimeout(action, 3000));
    const chosen = await choose(backOff, "adapter", adapting(adapter));
    expect(chosen).toMatchObject({ lever: "clock", speed: 20, timeScale: 0.05, askedScale: 1 });
    expect(chosen.why).toMatch(/with a clock that runs 20 times as fast it came back/);
  }, 60_000);

  it("that has a clock of its own may honour the option", async () => {
    const adapter = comingBack(({ timeScale }, action) => setTimeout(action, 3000 * timeScale));
    expect(await choose(backOff, "adapter", adapting(adapter))).toMatchObject({ lever: "option", speed: 1 });
  }, 60_000);

  it("that does neither is judged in real time", async () => {
    const adapter = comingBack((_, action) => setTimeout(action, 3000));
    expect(await choose(backOff, "adapter", adapting(adapter))).toMatchObject({ lever: "real", speed: 1 });
  }, 60_000);
});

describe("a client that somebody else starts", () => {
  const attaching = (): Launcher => openAttach({ tell: () => undefined });

  it("lives in real time", async () => {
    const chosen = await choose(backOff, "attach", attaching);
    expect(chosen).toMatchObject({ lever: "real", tried: [{ lever: "real" }] });
    expect(chosen.why).toMatch(/somebody else starts/);
  });

  it("is told a short heartbeat where the document lets an event say it", async () => {
    const told: Heartbeat = { ...beating, intervalMs: { message: "number", field: "/value" } };
    const chosen = await choose(endpointWith({ heartbeat: told }), "attach", attaching);
    expect(chosen).toMatchObject({ lever: "protocol", timeScale: 1, advertisedMs: 300 });
    expect(chosen.why).toMatch(/heartbeat of 300 ms/);
  });

  it("is told none that the document forbids", async () => {
    const told: Heartbeat = { ...beating, intervalMs: { message: "said", field: "/text" } };
    const chosen = await choose(endpointWith({ heartbeat: told }), "attach", attaching);
    expect(chosen).toMatchObject({ lever: "real" });
    expect(chosen.advertisedMs).toBeUndefined();
  });
});
