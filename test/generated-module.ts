/** Runs generated code in memory: what a test has just generated, or changed on purpose. */

import ts from "typescript";
import type { GeneratedFile } from "../src/codegen/generate.js";
import type { Decoded, ProtocolSide } from "../src/wire/protocol.js";

/** The functions of one direction, as a generated file exports them. */
export interface GeneratedCodec {
  decode(frame: string | Uint8Array): Decoded<unknown>;
  encode(value: unknown): string;
  encodeInto(value: unknown, bytes: Uint8Array, offset: number): number;
  readonly "~standard": {
    validate(value: unknown): { readonly value?: unknown; readonly issues?: readonly object[] | undefined };
  };
}

/** What a test uses of an endpoint's module. */
export interface GeneratedModule {
  readonly eventCodec: GeneratedCodec;
  readonly commandCodec: GeneratedCodec;
  readonly [name: string]: unknown;
}

/** The module of one endpoint, with its `wire.js`. */
export async function loadGenerated(files: readonly GeneratedFile[], path: string): Promise<GeneratedModule> {
  const text = (name: string) => {
    const file = files.find((candidate) => candidate.path === name);
    if (file === undefined) throw new Error(`No file ${name} was generated.`);
    return file.text;
  };
  const wire = dataUrl(text("wire.ts"));
  const code = transpiled(text(path)).replaceAll('"./wire.js"', JSON.stringify(wire));
  // The shape is what the generator promises; a missing export fails the test that uses it.
  return (await import(/* @vite-ignore */ dataUrl(code, false))) as GeneratedModule;
}

/** The side of a module that `nameOf` is asked of. */
export function sideOf(module: GeneratedModule, role: "Client" | "Server"): ProtocolSide<unknown, unknown> {
  const name = Object.keys(module).find((candidate) => candidate.endsWith(role));
  // As above: sides are what the generator promises under these names.
  return module[name ?? ""] as ProtocolSide<unknown, unknown>;
}

function dataUrl(source: string, isTypeScript = true): string {
  const code = isTypeScript ? transpiled(source) : source;
  return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}

function transpiled(source: string): string {
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ES2022,
    verbatimModuleSyntax: true,
  };
  return ts.transpileModule(source, { compilerOptions: options }).outputText;
}
