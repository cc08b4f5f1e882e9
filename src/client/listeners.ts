/** Handlers of one kind of event: each is held once, and one that throws does not stop the others. */
export interface Listeners<Args extends unknown[]> {
  /** Returns what removes it. */
  add(handler: (...args: Args) => void): () => void;
  /** Calls all that were there at its beginning and still are; false when there was none. */
  call(...args: Args): boolean;
}

/** `fault` gets what a handler throws. */
export function createListeners<Args extends unknown[]>(fault: (cause: unknown) => void): Listeners<Args> {
  const handlers = new Set<(...args: Args) => void>();
  return {
    add(handler) {
      handlers.add(handler);
      return () => {
        handlers.delete(handler);
      };
    },
    call(...args) {
      const all = [...handlers];
      for (const handler of all) {
        try {
          if (handlers.has(handler)) handler(...args);
        } catch (cause) {
          fault(cause);
        }
      }
      return all.length > 0;
    },
  };
}
