/** What typia's transformer wrote, where it could be run. */
export interface Typia {
  readonly typiaIs: (value: unknown) => boolean;
  readonly typiaStringify: (value: unknown) => string;
  /** `null` for a value that it refuses. */
  readonly typiaIsStringify: (value: unknown) => string | null;
}

export function loadTypia(): Promise<Typia | undefined> {
  return import(new URL("typia.js", import.meta.url).href).catch(() => undefined);
}
