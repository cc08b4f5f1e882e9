/** Certificates that processes are to trust: files, named where their platforms look for them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The files of one launcher. Whoever creates them removes them. */
export interface Certificates {
  /** Environment variables that let a process trust this certificate (PEM). */
  trust(ca: string): Readonly<Record<string, string>>;
  remove(): void;
}

/** No file yet. */
export function createCertificates(): Certificates {
  const files = new Map<string, string>();
  let folder: string | undefined;
  return {
    trust(ca) {
      folder ??= mkdtempSync(join(tmpdir(), "wireproof-trust-"));
      const file = files.get(ca) ?? join(folder, `${files.size}.pem`);
      if (!files.has(ca)) writeFileSync(file, ca);
      files.set(ca, file);
      // Node adds the first to what it trusts; Python, Go and all that asks OpenSSL read the second instead of theirs.
      return { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file, WIREPROOF_CA: file };
    },
    remove() {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
