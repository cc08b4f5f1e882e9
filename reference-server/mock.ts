/**
 * Serves any document from its lifecycles, replies, exchanges and examples: the reference server with members that
 * know nothing but the Contract. Valid commands are answered, invalid ones refused by the document's `reject`, or
 * noted where it has none.
 */

import { createClaims } from "../src/arbitrary/speech/claims.js";
import { createStock } from "../src/arbitrary/speech/stock.js";
import type { Contract, Endpoint as ContractEndpoint } from "../src/contract/contract.js";
import type { Connection } from "../src/wire/connection.js";
import type { Channel } from "./channel.js";
import { createEndpoint } from "./endpoint.js";
import { createAdmission } from "./mock/admission.js";
import { joinMock, type MockMember } from "./mock/member.js";
import { createMockSide, type Envelope } from "./mock/side.js";
import type { RunningServer } from "./running-server.js";
import { type ServerOptions, startServer } from "./server.js";
import type { World } from "./world.js";

export interface MockOptions extends Omit<ServerOptions, "channels"> {
  readonly contract: Contract;
  /** Names of endpoints, or of channels in them; all where absent. */
  readonly channels?: readonly string[];
  /** Takes refusals that the document has no event for, and events that could not be made; one line each. */
  readonly note?: (text: string) => void;
}

/** Different notes that are remembered. */
const NOTES = 256;

/** Starts a mock of the contract. Rejects as {@link startServer} does; RangeError for a channel that there is not. */
export function startMock(options: MockOptions): Promise<RunningServer> {
  const { contract, channels, note = () => {}, ...serverOptions } = options;
  const endpoints = chosen(contract, channels);
  return startServer(serverOptions, async (world) =>
    endpoints.map((endpoint) =>
      createEndpoint(world, mockChannel(world, contract, endpoint, note), { rate: options.rate }),
    ),
  );
}

function chosen(contract: Contract, names: readonly string[] | undefined): readonly ContractEndpoint[] {
  if (names === undefined) return contract.endpoints;
  return names.map((name) => {
    const endpoint = contract.endpoints.find((row) => row.name === name || row.channels.includes(name));
    if (endpoint !== undefined) return endpoint;
    const known = contract.endpoints.flatMap((row) => row.channels).join(", ");
    throw new RangeError(`no such channel: ${name}; there are ${known}`);
  });
}

/** What is noted on every turn of every connection would drown the rest: the same line is said once in a while. */
function onceEach(note: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    if (said.size >= NOTES) said.clear();
    said.add(text);
    note(text);
  };
}

/** The channel of one endpoint; its connections share what the document's audience says. */
function mockChannel(
  world: World,
  contract: Contract,
  endpoint: ContractEndpoint,
  note: (text: string) => void,
): Channel<Envelope, Envelope> {
  const mock = createMockSide(contract, endpoint);
  const admission = createAdmission(contract, endpoint);
  const stock = createStock(contract, endpoint, mock.form, Math.floor(world.random.next() * 2 ** 31));
  const claims = createClaims();
  const say = onceEach(note);
  const members = new Map<MockMember, { readonly path: string; readonly address: string }>();

  /** Only audiences that an address names: what a lifecycle's key names is decided by each connection alone. */
  function share(event: Envelope, from: { readonly path: string; readonly address: string }): void {
    const audience = endpoint.protocol.audience.find((row) => row.messages.includes(event.name));
    if (audience?.to !== "address" && audience?.to !== "path") return;
    const to = audience.to;
    for (const [member, target] of members) {
      if (target !== from && target[to] === from[to]) member.relay(event);
    }
  }

  return {
    protocol: mock.side,
    sample: admission.sample,
    payloadOf: (envelope) => envelope.payload,
    admit(handshake) {
      const turned = admission.check(handshake);
      if (turned !== undefined) return turned;
      const path = JSON.stringify(handshake.parameters);
      const target = { path, address: `${path}?${handshake.query.toString()}` };
      return {
        ok: true,
        join(connection: Connection<Envelope>) {
          const member = joinMock(
            {
              endpoint,
              mock,
              stock,
              claims,
              clock: world.clock,
              timeScale: world.timeScale,
              share: (event) => share(event, target),
              note: say,
            },
            connection,
          );
          members.set(member, target);
          return {
            ...member,
            left() {
              members.delete(member);
              member.left();
            },
          };
        },
      };
    },
  };
}
