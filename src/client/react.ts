/**
 * React over a client: `useClient` owns one, `useEvent` subscribes, `useStatus` and `ConnectionStatus` show how it is.
 *
 * Events are a subscription and no state: a handler is called for every one, so that batching of renders loses none.
 */

import {
  type ReactNode,
  useCallback,
  useEffect,
  useInsertionEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { MessagesByName } from "../wire/protocol.js";
import type { Client, Unsubscribe } from "./client.js";
import type { ClientStatus } from "./status.js";

/** What of a client these hooks need to own it: `createClient` makes one, with or without Socket.IO. */
interface Owned {
  connect(): Promise<void>;
  close(): void;
}

/** What of a client they need to show how it is. */
interface Watched {
  readonly status: ClientStatus;
  onStatus(handler: (status: ClientStatus) => void): Unsubscribe;
}

/** Nothing is painted on a server, and React 18 complains there about effects that run before paint. */
const useEffectBeforePaint = "window" in globalThis ? useLayoutEffect : useEffect;

/**
 * A client that lives as long as the component: made once by `create`, connected when the component is mounted, closed
 * when it is unmounted. For another URL or another side give the component another `key`.
 */
export function useClient<C extends Owned>(create: () => C): C {
  const [client] = useState(create);
  useEffect(() => {
    let mounted = true;
    // After all effects of this flush: every `useEvent` of the tree is subscribed before the first frame, and
    // StrictMode, which unmounts and mounts again at its end, makes one socket and not two.
    queueMicrotask(() => {
      if (mounted) void client.connect();
    });
    return () => {
      mounted = false;
      client.close();
    };
  }, [client]);
  return client;
}

/** The status of a client; the component renders again at each change. */
export function useStatus(client: Watched): ClientStatus {
  const subscribe = useCallback((changed: () => void) => client.onStatus(changed), [client]);
  const read = (): ClientStatus => client.status;
  return useSyncExternalStore(subscribe, read, read);
}

/**
 * Calls `handler` for each event of this name, once, in order, from before the first paint until the component is
 * unmounted. It is the handler of the latest render that is called; a new one each render costs nothing.
 */
export function useEvent<In, Out, Names extends MessagesByName, N extends keyof Names["events"] & string>(
  client: Client<In, Out, Names>,
  name: N,
  handler: (event: Names["events"][N]) => void,
): void {
  const newest = useRef(handler);
  useInsertionEffect(() => {
    newest.current = handler;
  });
  useEffectBeforePaint(() => client.on(name, (event) => newest.current(event)), [client, name]);
}

/** How a client is, and the words for it. */
export interface ConnectionView extends ClientStatus {
  /** `connecting`, `reconnecting (2/5)`, or why it is not connected. */
  readonly text: string;
}

export interface ConnectionStatusProps {
  readonly client: Watched;
  /** Draws it; the bare text where absent. */
  readonly children?: (view: ConnectionView) => ReactNode;
}

/**
 * Says how a client is while it is not connected, without any markup of its own; nothing while it is, and nothing of
 * one that nobody has connected yet.
 */
export function ConnectionStatus({ client, children }: ConnectionStatusProps): ReactNode {
  const status = useStatus(client);
  const text = textOf(status);
  if (text === undefined) return null;
  return children === undefined ? text : children({ ...status, text });
}

function textOf({ state, attempt, maxAttempts, reason, code }: ClientStatus): string | undefined {
  switch (state) {
    case "connected":
      return undefined;
    case "connecting":
      return state;
    case "reconnecting":
      return `reconnecting (${maxAttempts === null ? attempt : `${attempt}/${maxAttempts}`})`;
    case "failed":
      return reason || (code === undefined ? state : `${state} (${code})`);
    case "disconnected":
      // Without a code it never was anything else.
      return code === undefined ? undefined : reason || state;
  }
}
