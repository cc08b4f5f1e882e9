/** A mutant whose fault lies in its frames: the reference server behind a raw server with one switch thrown. */
import { startServer } from "../../reference-server/server.js";
import type { Mutant } from "./mutant.js";
import { type RawFaults, startRawServer } from "./raw-server.js";

/** The mutant of a channel that reads or writes frames with these faults. */
export function framed({
  faults,
  ...mutant
}: Omit<Mutant, "start"> & { readonly faults: RawFaults }): Mutant {
  return {
    ...mutant,
    async start(options) {
      const server = await startServer({ port: 0, channels: [mutant.channel], ...options });
      const front = await startRawServer(server.port, faults);
      return {
        url: `ws://127.0.0.1:${front.port}`,
        async close() {
          await front.close();
          await server.close();
        },
      };
    },
  };
}
