/** The names that a generated file takes from `./wire.js`. */

export class Imports {
  private readonly values = new Set<string>();
  private readonly types = new Set<string>();

  /** Imports a function or constant; returns its name. */
  use(name: string): string {
    this.values.add(name);
    return name;
  }

  /** Imports a type; returns its name. */
  useType(name: string): string {
    this.types.add(name);
    return name;
  }

  /** All names, sorted. */
  names(): string[] {
    return [...this.values, ...this.types].sort();
  }

  /** The import declarations. */
  lines(): string[] {
    return [...declaration("import type", this.types), ...declaration("import", this.values)];
  }
}

function declaration(keyword: string, names: ReadonlySet<string>): string[] {
  if (names.size === 0) return [];
  const sorted = [...names].sort();
  const line = `${keyword} { ${sorted.join(", ")} } from "./wire.js";`;
  if (line.length <= 110) return [line];
  return [`${keyword} {`, ...sorted.map((name) => `  ${name},`), '} from "./wire.js";'];
}
