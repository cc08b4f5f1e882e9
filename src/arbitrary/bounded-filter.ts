/** Filtering that ends: fast-check's own `filter` searches for ever where nothing fits. */

import fc from "fast-check";

/** Nothing that fits was found in the given number of tries. */
export class UnsatisfiableError extends Error {
  override readonly name = "UnsatisfiableError";
}

export interface FilterOptions<T> {
  /** What is searched, for the message of the error. */
  readonly what: string;
  /** Values in a row that may miss; 200 unless given. */
  readonly tries?: number;
  /** What to take when nothing was found. */
  readonly instead?: () => T | undefined;
  /** Goes on when a part of the value cannot be made: another draw may not need it. */
  readonly persistent?: boolean;
}

/** Only what `fits`; after `tries` values in a row that do not, `instead` is taken, or {@link UnsatisfiableError} thrown. */
export function boundedFilter<T>(
  arbitrary: fc.Arbitrary<T>,
  fits: (value: T) => boolean,
  options: FilterOptions<T>,
): fc.Arbitrary<T> {
  return new BoundedFilter(arbitrary, fits, options);
}

/** An arbitrary that is made when it is first asked for: schemas may refer to themselves. */
export function lazily<T>(make: () => fc.Arbitrary<T>): fc.Arbitrary<T> {
  return new Lazy(make);
}

class BoundedFilter<T> extends fc.Arbitrary<T> {
  readonly #from: fc.Arbitrary<T>;
  readonly #fits: (value: T) => boolean;
  readonly #options: FilterOptions<T>;

  constructor(from: fc.Arbitrary<T>, fits: (value: T) => boolean, options: FilterOptions<T>) {
    super();
    this.#from = from;
    this.#fits = fits;
    this.#options = options;
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<T> {
    const tries = this.#options.tries ?? 200;
    let cause: unknown;
    for (let i = 0; i < tries && (cause === undefined || this.#options.persistent === true); i++) {
      try {
        // Bias narrows the choice: when it finds nothing, search the whole.
        const made = this.#from.generate(random, i < tries / 4 ? biasFactor : undefined);
        if (this.#fits(made.value)) return made;
      } catch (error) {
        // A part of it has already been searched in vain: once is enough.
        if (!(error instanceof UnsatisfiableError)) throw error;
        cause = error;
      }
    }
    const instead = this.#options.instead?.();
    if (instead !== undefined) return new fc.Value(instead, undefined);
    if (cause !== undefined) throw cause;
    throw new UnsatisfiableError(
      `No valid value of ${this.#options.what} in ${tries} tries. Give an example in the document.`,
    );
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return this.#from.canShrinkWithoutContext(value);
  }

  override shrink(value: T, context: unknown): fc.Stream<fc.Value<T>> {
    // A value that was taken instead has no context, and its origin cannot shrink it.
    if (context === undefined && !this.#from.canShrinkWithoutContext(value)) return fc.Stream.nil();
    return this.#from.shrink(value, context).filter((smaller) => this.#fits(smaller.value));
  }
}

class Lazy<T> extends fc.Arbitrary<T> {
  readonly #make: () => fc.Arbitrary<T>;
  #made: fc.Arbitrary<T> | undefined;

  constructor(make: () => fc.Arbitrary<T>) {
    super();
    this.#make = make;
  }

  #arbitrary(): fc.Arbitrary<T> {
    this.#made ??= this.#make();
    return this.#made;
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<T> {
    return this.#arbitrary().generate(random, biasFactor);
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return this.#arbitrary().canShrinkWithoutContext(value);
  }

  override shrink(value: T, context: unknown): fc.Stream<fc.Value<T>> {
    return this.#arbitrary().shrink(value, context);
  }
}
