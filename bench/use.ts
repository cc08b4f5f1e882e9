/** What a page does with the events: finds the node, looks at the kind, keeps the text. */

import type { Message } from "./peers/peer.js";

interface Node {
  text: string;
  status: string;
  tokens: number;
}

/** One user of messages, compiled for itself alone. */
export interface Transcripts {
  readonly take: (message: unknown) => void;
  /** Reads all that was written and begins anew; returns how long it was. */
  readonly flush: () => number;
}

const SOURCE = `
  const take = (message) => {
    const node = nodes.get(message.data?.node_id ?? message.node_id);
    switch (message.event) {
      case "token_stream": if (node !== undefined) node.text += message.data.chunk; break;
      case "node_state_change": if (node !== undefined) node.status = message.data.status; break;
      case "token_usage": if (node !== undefined) node.tokens += message.data.input_tokens + message.data.output_tokens; break;
      default: state.other++;
    }
  };
  const flush = () => {
    let sum = state.other;
    for (const node of nodes.values()) {
      // A text that was put together is a tree until somebody reads it.
      if (node.text !== "") sum += node.text.charCodeAt(node.text.length >> 1);
      node.text = "";
    }
    return sum;
  };
  return { take, flush };
`;

export function transcriptsOf(messages: readonly Message[]): Transcripts {
  const nodes = new Map<unknown, Node>();
  for (const { node_id, data } of messages) {
    const inner: unknown =
      typeof data === "object" && data !== null && "node_id" in data ? data.node_id : undefined;
    for (const id of [node_id, inner])
      if (id !== undefined) nodes.set(id, { text: "", status: "", tokens: 0 });
  }
  const make = new Function("nodes", "state", SOURCE);
  return make(nodes, { other: 0 });
}
