import { createRequire } from "node:module";

/** The version in package.json. */
export function wireproofVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("wireproof/package.json");
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}
