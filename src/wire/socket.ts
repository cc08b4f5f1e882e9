/** What arrives through a {@link Socket}. */
export interface SocketListener {
  /**
   * One data frame: a string for a text frame whose UTF-8 was valid, bytes for a binary one. `acknowledge` is there
   * where the transport lets the sender ask for an answer to this very frame (Socket.IO).
   */
  frame(frame: string | Uint8Array, acknowledge?: Acknowledge): void;
  /** A sign of life that is no data: a ping or pong of the transport itself. */
  beat(): void;
  /** The end, once, whatever the reason; 1006 when no Close frame arrived. Nothing is called after it. */
  closed(code: number, reason: string): void;
  /** After a shared frame was sent, now or at the end of the tick: the kernel has not taken all that was queued. */
  behind?(): void;
}

/** A text frame for many sockets: whatever is made of its message is made once. */
export interface SharedFrame {
  /** Name of the message that it carries (a key of the document). */
  readonly name: string;
  /** The message as text, for sockets that take nothing else. */
  readonly text: string;
  /** The message as UTF-8; never changed. */
  readonly payload: Uint8Array;
  /** The payload behind its header: one unmasked frame of RFC 6455; never changed. */
  readonly wire: Uint8Array;
}

/** Answers the one frame that asked for it. */
export type Acknowledge = (answer: Acknowledgement) => void;

/** Whether the command of an acknowledged frame was taken. */
export type Acknowledgement =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * The four-member duct below a connection: all that it needs of a WebSocket, whether it is `ws`, a browser's or
 * Socket.IO's. Adapters supply it; the core never sees more.
 */
export interface Socket {
  /** Queues one text frame. Does nothing once the socket is closing. */
  send(frame: string): void;
  /** The same for a frame that others get as well, and says when it leaves something queued; where absent, its text is sent. */
  sendShared?(frame: SharedFrame): void;
  /** With a code: starts the closing handshake. Without: destroys the socket at once. */
  close(code?: number, reason?: string): void;
  /** Bytes that were offered to the kernel and that it has not taken yet. */
  buffered(): number;
  /** Hands over all that arrives from now on. To be called once, in the tick that the socket was made in. */
  listen(listener: SocketListener): void;
}
