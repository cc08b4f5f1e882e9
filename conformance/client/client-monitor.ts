/**
 * Judges the commands of a client on one connection against the lifecycles (PROTOCOL.md#lifecycle-9): a command breaks
 * the rule only if it is illegal in every state that the client can honestly believe in.
 */
import type { Place } from "../../src/arbitrary/speech/walks.js";
import type { Endpoint, Lifecycle } from "../../src/contract/contract.js";
import { Automaton, keyOf, type Move } from "../../src/contract/lifecycle/automaton.js";
import type { Legality } from "../../src/contract/lifecycle.js";
import { refusalOf } from "../judge.js";
import { BelievedInstance } from "./belief.js";

/** A message as lifecycles see it; several names where the document cannot tell them apart. */
export interface NamedMessage {
  readonly names: readonly string[];
  readonly payload: unknown;
}

/** A command that no state allows in which the client may believe the connection to be. */
export interface IllegalCommand {
  readonly lifecycle: string;
  /** JSON text of the instance's key. */
  readonly key: string | undefined;
  /** The states that it may believe in. */
  readonly states: readonly string[];
  /** Names of the commands that one of them allows. */
  readonly legal: readonly string[];
}

/** Where the server stands with one instance, and the commands that wait there, in order. */
export interface ServerPlace extends Place {
  readonly waiting: readonly NamedMessage[];
}

/** Watches one connection. All times are milliseconds on the case's clock. */
export interface ClientMonitor {
  /** An event was sent to the client, or a refusal of its command. */
  sent(event: NamedMessage, atMs: number): void;
  /** A command came; gives what it breaks. */
  received(command: NamedMessage, atMs: number): readonly IllegalCommand[];
  /** The server has taken this command back, by a refusal that is about to be sent. */
  refused(command: NamedMessage): void;
  /** Whether the client must take an event for legal, or for illegal. */
  legality(event: NamedMessage): Legality;
  /** Nothing is judged from now on. */
  stop(): void;
  /** Lifecycles of which too many states were possible to judge on. */
  readonly overflown: readonly string[];
}

export interface ClientMonitorOptions {
  readonly endpoint: Endpoint;
  /** Where the kit itself stands, as the server of the connection; `key` is JSON text, `""` for scope `connection`. */
  place(lifecycle: Lifecycle, key: string): ServerPlace;
  /** After so long an honest client has read what was sent to it (milliseconds); default 5000. */
  readonly readMs?: number;
}

/** Whatever the time scale: machines are not faster for it. */
const READ_MS = 5000;

/** Instances that are followed on one connection: of more of them the oldest is judged no longer. */
const MAX_INSTANCES = 1024;

/** Opens the watch of a connection. */
export function createClientMonitor(options: ClientMonitorOptions): ClientMonitor {
  const { endpoint, place, readMs = READ_MS } = options;
  const automata = endpoint.lifecycles.map((lifecycle) => new Automaton(lifecycle));
  const commandNames = new Set(endpoint.commands.map((command) => command.name));
  const instances = new Map<string, BelievedInstance>();
  /** Keys that are judged no longer. */
  const dropped = new Set<string>();
  const overflown = new Set<string>();
  let isStopped = false;

  interface Touch {
    readonly instance: BelievedInstance;
    readonly moves: readonly Move[];
    /** It may be a message as well that this lifecycle does not name. */
    readonly none: boolean;
  }

  function touched({ names, payload }: NamedMessage): Touch[] {
    if (isStopped) return [];
    return automata.flatMap((automaton): Touch[] => {
      const named = names.filter((name) => automaton.names(name));
      if (named.length === 0) return [];
      const { scope } = automaton.lifecycle;
      const key = scope === "connection" ? "" : keyOf(scope.key, payload);
      if (key === undefined) return [];
      const instance = instanceOf(automaton, key);
      if (instance === undefined) return [];
      return [
        {
          instance,
          moves: named.map((name) => automaton.move(name, payload)),
          none: named.length < names.length,
        },
      ];
    });
  }

  function instanceOf(automaton: Automaton, key: string): BelievedInstance | undefined {
    const id = `${automaton.lifecycle.name}\n${key}`;
    const known = instances.get(id);
    if (known !== undefined || dropped.has(id)) return known;
    const instance = new BelievedInstance(automaton, key, readMs);
    instances.set(id, instance);
    const [oldest] = instances.keys();
    if (instances.size > MAX_INSTANCES && oldest !== undefined) {
      instances.delete(oldest);
      if (dropped.size < MAX_INSTANCES) dropped.add(oldest);
      else isStopped = true;
    }
    return instance;
  }

  function tell(instance: BelievedInstance, atMs: number): void {
    const { automaton, key } = instance;
    const { state, memory, waiting } = place(automaton.lifecycle, key);
    const moves = waiting.flatMap(({ names, payload }) => {
      const name = names.find((one) => automaton.names(one));
      return name === undefined ? [] : [automaton.move(name, payload)];
    });
    instance.told({ state, memory, waiting: moves }, atMs);
    note(instance);
  }

  function note({ over, automaton }: BelievedInstance): void {
    if (over === "overflow") overflown.add(automaton.lifecycle.name);
  }

  return {
    sent(event, atMs) {
      const isRefusal = refusalOf(endpoint, event.names, event.payload) !== undefined;
      if (!isRefusal) {
        for (const { instance, moves, none } of touched(event)) {
          instance.sent(moves, none, atMs);
          note(instance);
        }
      }
      if (isStopped) return;
      // What the server has done with the commands so far shows in whatever it sends after them.
      for (const instance of instances.values()) if (instance.unsettled) tell(instance, atMs);
    },
    received(command, atMs) {
      return touched(command).flatMap(({ instance, moves, none }): IllegalCommand[] => {
        const isLegal = instance.received(moves, none, atMs);
        note(instance);
        if (isLegal) return [];
        const { name, scope } = instance.automaton.lifecycle;
        return [
          {
            lifecycle: name,
            key: scope === "connection" ? undefined : instance.key,
            states: instance.states,
            legal: instance.legal.filter((one) => commandNames.has(one)),
          },
        ];
      });
    },
    refused(command) {
      for (const { instance } of touched(command)) instance.unsettled = true;
    },
    legality(event) {
      const answers = new Set(
        touched(event).map(({ instance, moves, none }) => instance.legality(moves, none)),
      );
      if (answers.has("illegal")) return "illegal";
      return answers.has("undecided") ? "undecided" : "legal";
    },
    stop() {
      isStopped = true;
      instances.clear();
    },
    get overflown() {
      return [...overflown];
    },
  };
}
