/**
 * permessage-deflate (RFC 7692): the compression of messages, without the framing. Both directions work at once and
 * without streams: what a peer has in its window is given to each message as the dictionary.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

/** What both sides agreed on. */
export interface DeflateTerms {
  /** The server forgets its window after each message. */
  readonly serverNoContext: boolean;
  /** The client does. */
  readonly clientNoContext: boolean;
  /** Sizes of the windows as powers of two, 8 to 15. */
  readonly serverWindowBits: number;
  readonly clientWindowBits: number;
}

/** Ends each compressed message; it is not sent (§7.2.1). */
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

/** zlib writes windows from 512 bytes on. */
const LEAST_BITS = 9;

/** What inflating a message gave: its bytes, or what is wrong with it. */
export type Inflated =
  | { readonly bytes: Uint8Array }
  | { readonly fault: "deflate-data" | "too-large"; readonly message: string };

/** Reads the messages of a server, at most `maxBytes` each. */
export function createInflater(terms: DeflateTerms, maxBytes: number): (compressed: Uint8Array) => Inflated {
  const window = createWindow(terms.serverNoContext ? 0 : terms.serverWindowBits);
  return (compressed) => {
    try {
      const dictionary = window.bytes();
      const bytes = inflateRawSync(Buffer.concat([compressed, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        windowBits: terms.serverWindowBits,
        maxOutputLength: maxBytes,
        ...(dictionary.length === 0 ? {} : { dictionary }),
      });
      window.add(bytes);
      return { bytes };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "ERR_BUFFER_TOO_LARGE") {
        return { fault: "too-large", message: `a compressed message of more than ${maxBytes} bytes` };
      }
      const why = error instanceof Error ? error.message : String(error);
      return { fault: "deflate-data", message: `a compressed message that does not inflate (${why})` };
    }
  };
}

/** Compresses the messages of a client. */
export function createDeflater(terms: DeflateTerms): (bytes: Uint8Array) => Uint8Array {
  const { clientWindowBits: bits, clientNoContext } = terms;
  const tooSmall = bits < LEAST_BITS;
  const window = createWindow(clientNoContext || tooSmall ? 0 : bits);
  return (bytes) => {
    const dictionary = window.bytes();
    const compressed = deflateRawSync(bytes, {
      finishFlush: constants.Z_SYNC_FLUSH,
      windowBits: Math.max(LEAST_BITS, bits),
      // Without references back any window will do.
      ...(tooSmall ? { strategy: constants.Z_HUFFMAN_ONLY } : {}),
      ...(dictionary.length === 0 ? {} : { dictionary }),
    });
    window.add(bytes);
    const end = compressed.subarray(-TAIL.length);
    return end.equals(TAIL) ? compressed.subarray(0, -TAIL.length) : compressed;
  };
}

/** The last bytes that crossed, as many as the window holds; of 0 bits none. */
function createWindow(bits: number): { bytes(): Uint8Array; add(bytes: Uint8Array): void } {
  const size = bits === 0 ? 0 : 2 ** bits;
  let held: Uint8Array = new Uint8Array(0);
  return {
    bytes: () => held,
    add(bytes) {
      if (size === 0 || bytes.length === 0) return;
      held = Buffer.concat([held, bytes]).subarray(-size);
    },
  };
}
