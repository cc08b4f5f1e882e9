/** Our own client as a client under test: a right one, and the ground of mutants, which are altered from outside in one thing. */

import { WebSocket } from "ws";
import type { SocketConstructor } from "../../../src/client/client.js";
import {
  type Client,
  type ClientError,
  type ClientOptions,
  type ClientStatus,
  createClient,
} from "../../../src/client/node.js";
import type { Json } from "../../../src/contract/contract.js";
import type { Clock } from "../../../src/wire/clock.js";
import type { ClientSide } from "../../../src/wire/protocol.js";
import type { AdapterScene, ClientAdapter } from "../../client/launch/adapter.js";

/** The client's side of any endpoint over WebSocket. */
export type Side = ClientSide<unknown, unknown>;

/** What an application does with its client; that of a mutant may do some of it otherwise. */
export interface Application {
  onStatus(status: ClientStatus): void;
  onEvent(event: Json, name: string): void;
  onError(error: ClientError): void;
  send(command: Json): Promise<Json | undefined>;
  close(): void;
}

/** What makes a client of ours a mutant. Each function is called once for each client. */
export interface Alteration {
  /** What the client takes for its side of the contract. */
  readonly side?: (side: Side, scene: AdapterScene) => Side;
  /** What it is told. */
  readonly options?: (scene: AdapterScene) => Partial<ClientOptions>;
  /** In the place of the WebSocket of `ws`. */
  readonly socket?: (scene: AdapterScene) => SocketConstructor;
  /** What its application does otherwise. */
  readonly application?: (
    right: Application,
    scene: AdapterScene,
    client: Client<unknown, unknown>,
  ) => Partial<Application>;
}

/** Makes clients of this side of a contract. */
export function ourClient(side: Side, alteration: Alteration = {}): ClientAdapter {
  return (scene) => {
    const { ca, commands, origin, random, timeScale, url } = scene;
    const told = alteration.options?.(scene);
    const client = createClient(alteration.side?.(side, scene) ?? side, {
      url,
      WebSocket: alteration.socket?.(scene) ?? WebSocket,
      clock: clockOf(scene),
      random,
      timeScale,
      platform: null,
      ...told,
      socketOptions: {
        ...(ca === undefined ? {} : { ca }),
        ...(origin === undefined ? {} : { origin }),
        ...told?.socketOptions,
      },
    });
    const right = applicationOf(client, scene);
    const application = { ...right, ...alteration.application?.(right, scene, client) };
    client.onStatus((status) => application.onStatus(status));
    // What came over a WebSocket is JSON.
    client.onAny((event, name) => application.onEvent(event as Json, name));
    client.onError((error) => application.onError(error));
    void client.connect();
    return {
      commands: Object.fromEntries(
        commands.map((name) => [name, (payload: Json) => application.send(payload)]),
      ),
      close: () => application.close(),
      stop: () => client.close(),
    };
  };
}

/** A right application: it tells all that it hears. */
function applicationOf(client: Client<unknown, unknown>, scene: AdapterScene): Application {
  return {
    onStatus({ attempt, code, reason, state }) {
      scene.state(state, {
        attempt,
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason }),
      });
    },
    onEvent: (event, name) => scene.event(event, name),
    onError: ({ code, message }) => scene.error(code, message),
    // A reply is an event that came over a WebSocket.
    send: async (command) => (await client.send(command)) as Json | undefined,
    close: () => client.close(),
  };
}

/** The clock that the kit gives, as our client takes one. */
function clockOf({ clock }: AdapterScene): Clock {
  return {
    now: clock.now,
    date: () => new clock.Date(),
    after(ms, action) {
      const timer = clock.setTimeout(action, ms);
      return () => clock.clearTimeout(timer);
    },
  };
}
