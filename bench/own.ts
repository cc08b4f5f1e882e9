/** The generated code of this repository, in each mode of the generator; prepare.ts has put it there. */

import type * as workflow from "../generated/workflow.js";

/** What a generated file exports, and one of its inner functions, which only the build for this bench shows. */
export type Generated = typeof workflow & {
  /** Decides a value that JSON.parse has made: the path that is left where no template fits. */
  readonly checkEvent: (value: unknown) => unknown;
};

export const MODES = ["auto", "fast", "small"] as const;
export type Mode = (typeof MODES)[number];

/** The modes that the generator knew when the bench was prepared; `auto` is what is committed in `generated/`. */
export async function loadOwn(): Promise<ReadonlyMap<Mode, Generated>> {
  const loaded = new Map<Mode, Generated>();
  for (const mode of MODES) {
    // prepare.ts built the file from what the generator wrote for the same document.
    const module: Generated | undefined = await import(new URL(`own-${mode}.js`, import.meta.url).href).catch(
      () => undefined,
    );
    if (module !== undefined) loaded.set(mode, module);
  }
  return loaded;
}
