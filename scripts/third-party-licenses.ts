/** Collects the licence texts of every package that was bundled into one of our files. */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

/** Files in which packages put their licence and their notices. */
const LICENSE_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i;

/**
 * The text of THIRD-PARTY-LICENSES.txt for the packages that own `inputs` (paths of an esbuild metafile, relative to
 * `root`). A package without a licence of any kind throws: it may not be shipped.
 */
export function thirdPartyLicenses(inputs: readonly string[], root: string): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const folder = packageFolder(join(root, input));
    if (folder !== undefined) folders.add(folder);
  }
  const packages = [...folders]
    .map(readPackage)
    .sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
  const unique = packages.filter((p, i) => i === 0 || label(p) !== label(packages[i - 1]));
  const sections = unique.map((p) => `${label(p)} (${p.license})\n\n${p.text.trim()}\n`);
  const rule = `\n${"-".repeat(78)}\n\n`;
  return `The files of dist/ bundle these ${unique.length} packages:\n${rule}${sections.join(rule)}`;
}

/** The folder of the package that a file in node_modules belongs to, nested copies included. */
function packageFolder(file: string): string | undefined {
  const marker = `${sep}node_modules${sep}`;
  if (!file.includes(marker)) return undefined;
  const prefix = file.slice(0, file.lastIndexOf(marker) + marker.length);
  const [scopeOrName = "", name = ""] = file.slice(prefix.length).split(sep);
  return join(prefix, scopeOrName.startsWith("@") ? join(scopeOrName, name) : scopeOrName);
}

function readPackage(folder: string): BundledPackage {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const name = text(manifest, "name");
  const license = text(manifest, "license") || text(field(manifest, "license"), "type");
  if (name === "" || license === "") {
    throw new Error(
      `${folder} declares no name or no license: it must not be bundled before that is settled.`,
    );
  }
  const files = readdirSync(folder)
    .filter((file) => LICENSE_FILE.test(file))
    .sort();
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8"));
  const holders = text(manifest, "author") || text(field(manifest, "author"), "name") || "its authors";
  const fallback = `The package ships no licence file; its manifest says ${license}, by ${holders}.`;
  return { name, version: text(manifest, "version"), license, text: texts.join("\n\n") || fallback };
}

const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

function text(value: unknown, key: string): string {
  const found = field(value, key);
  return typeof found === "string" ? found : "";
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const label = (p: BundledPackage | undefined): string => (p === undefined ? "" : `${p.name} ${p.version}`);
