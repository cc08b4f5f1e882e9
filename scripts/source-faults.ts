/**
 * What must not stand in a file of the repository: left-overs, escapes from the type checker, tests left out in
 * silence, paths of somebody's machine, addresses of registries, and length without a reason.
 */

/** The longest a source file may be without saying at its head why it is longer. */
export const MAX_LINES = 400;

/** How a file that is longer begins its reason, within its first lines. */
const REASON = /\bThis file is long because\b/;
const HEAD_LINES = 40;

interface Rule {
  readonly name: string;
  readonly files: RegExp;
  readonly pattern: RegExp;
  readonly mend: string;
}

const CODE = /\.(ts|tsx|js|mjs|cjs|py|go|sh)$|^\.ci\//;

const RULES: readonly Rule[] = [
  {
    name: "left-over",
    files: CODE,
    // Taken apart, so that this file does not hold what it looks for.
    pattern: new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`),
    mend: "do it, or open an issue and remove the mark",
  },
  {
    name: "test-left-out",
    files: /\.test\.tsx?$/,
    pattern: /\b(it|test|describe|suite)(\.\w+)*\.(only|skip|todo)\b(?!If)/,
    mend: "run it; what a machine lacks goes through test/requirement.ts",
  },
  {
    name: "unchecked",
    files: /\.tsx?$/,
    pattern: new RegExp(`@ts-(${["ig" + "nore", "no" + "check"].join("|")})\\b`),
    mend: "make the types true",
  },
  {
    name: "registry-address",
    files: /./,
    pattern: /\bregistry\.[\w-]+\.\w+|\b(npmjs|pypi|pythonhosted)\.(com|org)\b|\bproxy\.golang\b/,
    mend: "name the package, not where it is downloaded",
  },
  {
    name: "machine-path",
    files: /./,
    pattern: /(^|[^\w.*/-])\/(home|root|Users|work|mnt)\/[\w.-]/,
    mend: "name it from the repository's root",
  },
];

/** Every fault of one file, as `file:line rule: …`. `file` is its path from the root. */
export function sourceFaults(file: string, text: string): string[] {
  const lines = text.split("\n");
  const rules = RULES.filter((rule) => rule.files.test(file));
  const faults = lines.flatMap((line, i) =>
    rules
      .filter((rule) => rule.pattern.test(line))
      .map((rule) => `${file}:${i + 1} ${rule.name}: ${line.trim().slice(0, 100)} (${rule.mend})`),
  );
  // Generated files are as long as their document; the linter looks at all others for escapes from the types.
  if (file.startsWith("generated/")) return faults;
  const count = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  if (/\.tsx?$/.test(file) && count > MAX_LINES && !REASON.test(lines.slice(0, HEAD_LINES).join("\n"))) {
    faults.push(
      `${file}:${count} length: over ${MAX_LINES} lines; split it, or say at its head "This file is long because …"`,
    );
  }
  return faults;
}

/** What the lock file must not have, and must not lack. */
export function lockFaults(text: string): string[] {
  const faults: string[] = [];
  const at = text.split("\n").findIndex((line) => /^\s*"resolved":/.test(line));
  if (at >= 0) {
    const mend = "run npm install with this repository's .npmrc";
    faults.push(
      `package-lock.json:${at + 1} resolved: it names a registry, which differs from machine to machine; ${mend}`,
    );
  }
  // npm writes this shape.
  const { packages = {} } = JSON.parse(text) as {
    packages?: Record<string, { optionalDependencies?: object }>;
  };
  const named = new Set(
    Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13)),
  );
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    const lost = Object.keys(optionalDependencies).filter((name) => !named.has(name));
    if (lost.length === 0) continue;
    // npm leaves out what it could not fetch for another platform, and `npm ci` then refuses the file.
    faults.push(`package-lock.json incomplete: ${path} lacks ${lost.join(", ")}; npm ci would refuse it`);
  }
  return faults;
}
