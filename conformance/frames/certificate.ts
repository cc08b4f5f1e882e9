/** Makes self-signed certificates: Node can read X.509 but not write it, so its DER is put together here. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";

/** A certificate and its key, as PEM text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What {@link makeCertificate} writes into a certificate. */
export interface CertificateOptions {
  /** Names of hosts; 127.0.0.1 is always named as well unless `address` is false. */
  readonly hosts: readonly string[];
  readonly address?: boolean;
  /** Default: from yesterday to tomorrow. */
  readonly expired?: boolean;
}

const DAY_MS = 86_400_000;

/** Makes a certificate that is its own authority. */
export function makeCertificate({ hosts, address = true, expired = false }: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const now = Date.now();
  const until = expired ? now - DAY_MS : now + DAY_MS;
  const name = sequence(set(sequence(oid("550403"), der(0x0c, Buffer.from(hosts[0] ?? "test")))));
  // ecdsa-with-SHA256
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const names = [
    ...hosts.map((host) => der(0x82, Buffer.from(host))),
    ...(address ? [der(0x87, Buffer.from([127, 0, 0, 1]))] : []),
  ];
  const extensions = der(
    0xa3,
    sequence(
      // subjectAltName, and basicConstraints with CA TRUE
      sequence(oid("551d11"), der(0x04, sequence(...names))),
      sequence(
        oid("551d13"),
        der(0x01, Buffer.from([0xff])),
        der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
      ),
    ),
  );
  const spki = publicKey.export({ type: "spki", format: "der" });
  const serial = createHash("sha256").update(spki).digest().subarray(0, 8);
  // A positive INTEGER starts with a clear bit.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(utcTime(until - 2 * DAY_MS), utcTime(until)),
    name,
    spki,
    extensions,
  );
  const signature = sign("sha256", body, privateKey);
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, Buffer.concat(parts));
const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, Buffer.concat(parts));
const oid = (hexadecimal: string): Buffer => der(0x06, Buffer.from(hexadecimal, "hex"));

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}
