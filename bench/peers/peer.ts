/** What is measured: a way to read a text, or to write a value. */

/** A message as plain data. */
export type Message = { readonly event: string; readonly [field: string]: unknown };

export interface Decoder {
  readonly name: string;
  /** The value, or `undefined` where the peer refuses the text; it may throw as well. */
  readonly decode: (text: string) => unknown;
}

export interface Encoder {
  readonly name: string;
  /** The text; throws, or gives `undefined`, where the peer refuses the value. */
  readonly encode: (value: Message) => string | undefined;
}

export interface ByteEncoder {
  readonly name: string;
  /** Writes at an offset of 4 and says where it ended; -1 where the peer refuses the value. */
  readonly encodeInto: (value: Message, bytes: Buffer) => number;
}

export interface ByteDecoder<Bytes> {
  readonly name: string;
  /** What it reads in place of the texts. */
  readonly input: (value: Message) => Bytes;
  readonly decode: (bytes: Bytes) => unknown;
}
