/** A page for the tests of `wireproof/react`: what it shows and hears is kept, so that a test can look at it. */

import { createElement as h, type ReactNode, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { pipelineClient } from "../../generated/pipeline.js";
import { workflowClient } from "../../generated/workflow.js";
import { type Client, createClient } from "../../src/client/client.js";
import {
  ConnectionStatus,
  type ConnectionView,
  useClient,
  useEvent,
  useStatus,
} from "../../src/client/react.js";

/** What happened in the page. */
export interface Witness {
  /** What the status view has shown, one after another; empty while it shows nothing. */
  readonly shown: string[];
  /** States that `useStatus` gave. */
  readonly states: string[];
  /** Chunks of text, in order, as `useEvent` brought them. */
  readonly chunks: string[];
  /** Names of the handlers that were called. */
  readonly handlers: Set<string>;
  /** First events, where the channel has one. */
  readonly first: string[];
  completed: number;
  renders: number;
}

export interface PageOptions {
  readonly url: string;
  readonly timeScale: number;
  readonly strict: boolean;
  readonly maxAttempts?: number;
}

const witness: Witness = {
  shown: [],
  states: [],
  chunks: [],
  handlers: new Set(),
  first: [],
  completed: 0,
  renders: 0,
};

let root: ReturnType<typeof createRoot> | undefined;
let send: (workflow: string) => Promise<unknown> = () => Promise.reject(new Error("There is no client."));
let useOther: () => void = () => {};

const note = (list: string[], text: string): void => {
  if (list.at(-1) !== text) list.push(text);
};

function Workflow({ url, timeScale, maxAttempts }: PageOptions): ReactNode {
  const client = useClient(() =>
    createClient(workflowClient, {
      url,
      timeScale,
      ...(maxAttempts === undefined ? {} : { reconnect: { maxAttempts } }),
    }),
  );
  const [handler, setHandler] = useState("first");
  const [text, setText] = useState("");
  witness.renders++;
  note(witness.states, useStatus(client).state);
  // A new function at each render: it is always the newest that is called.
  useEvent(client, "token_stream", ({ data }) => {
    witness.chunks.push(data.chunk);
    witness.handlers.add(handler);
    setText(data.chunk.slice(0, 10));
  });
  useEvent(client, "execution:completed", () => {
    witness.completed++;
  });
  send = (workflow_id) =>
    client.send({ cmd: "start_session", data: { workflow_id, input: "one two three" } });
  useOther = () => setHandler("second");
  return h("main", {}, h("p", { id: "text" }, text), h(View, { client }));
}

function Pipeline({ url, timeScale }: PageOptions): ReactNode {
  const client = useClient(() => createClient(pipelineClient, { url, timeScale }));
  useEvent(client, "connected", (event) => witness.first.push(event.connection_id));
  return h(ConnectionStatus, { client });
}

function View({ client }: { client: Pick<Client<unknown, unknown>, "status" | "onStatus"> }): ReactNode {
  const { state } = useStatus(client);
  if (state === "connected") note(witness.shown, "");
  const draw = ({ text }: ConnectionView): ReactNode => {
    note(witness.shown, text);
    return h("p", { id: "status", role: "status" }, text);
  };
  // What JSX does with a function between its tags; the types of createElement want it to be a node.
  return h(ConnectionStatus, { client, ...{ children: draw } });
}

function show(component: (options: PageOptions) => ReactNode, options: PageOptions): void {
  root = createRoot(document.body.appendChild(document.createElement("div")));
  const page = h(component, options);
  root.render(options.strict ? h(StrictMode, {}, page) : page);
}

Object.assign(globalThis, {
  witness,
  showWorkflow: (options: PageOptions) => show(Workflow, options),
  showPipeline: (options: PageOptions) => show(Pipeline, options),
  unmount: () => root?.unmount(),
  send: (workflow: string) => send(workflow),
  useOther: () => useOther(),
});
