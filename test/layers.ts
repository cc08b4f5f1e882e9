/** Which file may import what: the layers of the repository as data, and the function that judges one import. */
import ts from "typescript";

/** One import, re-export or dynamic import, as it stands in a file. */
export interface Import {
  readonly specifier: string;
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** What the files of a layer may import. The first layer whose `files` fits a path is the path's layer. */
export interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** Files of ours, beside those of the layer itself. */
  readonly ours: readonly RegExp[];
  /** Files of ours of which only types may be imported. */
  readonly types: readonly RegExp[];
  /** Packages, `node:` modules among them; `*` is any. */
  readonly packages: readonly string[];
  /** JSON files, as data. */
  readonly data?: readonly RegExp[];
}

const WIRE = /^src\/wire\//;
const CONTRACT = /^src\/contract\//;
const ARBITRARY = /^src\/arbitrary\//;
const GENERATED = /^generated\//;
const REFERENCE = /^reference-server\//;
const MUTANTS = /^conformance\/mutants\//;
const CLIENT = /^src\/client\//;
const PLAYGROUND = /^playground\//;
const KIT = /^conformance\/(?!mutants\/)/;

export const LAYERS: readonly Layer[] = [
  { name: "wire", files: WIRE, ours: [], types: [], packages: [] },
  { name: "contract", files: CONTRACT, ours: [], types: [WIRE], packages: ["ajv", "ajv-formats"] },
  { name: "arbitrary", files: ARBITRARY, ours: [CONTRACT], types: [WIRE], packages: ["fast-check"] },
  {
    name: "document",
    files: /^src\/document\//,
    ours: [CONTRACT, ARBITRARY],
    types: [WIRE],
    packages: ["@asyncapi/parser", "@asyncapi/converter", "yaml", "ajv", "node:"],
    data: [/^schemas\/.*\.json$/, /^package\.json$/],
  },
  {
    name: "codegen",
    files: /^src\/codegen\//,
    ours: [CONTRACT],
    types: [WIRE],
    packages: ["json-schema-to-typescript", "ajv", "ajv-formats"],
  },
  { name: "generated", files: GENERATED, ours: [], types: [], packages: [] },
  { name: "client", files: CLIENT, ours: [WIRE], types: [], packages: ["react", "socket.io-client"] },
  { name: "playground", files: PLAYGROUND, ours: [CLIENT, WIRE], types: [CONTRACT], packages: [] },
  {
    name: "mutants",
    files: MUTANTS,
    ours: [REFERENCE, CLIENT, GENERATED, KIT, CONTRACT],
    types: [WIRE],
    packages: ["*"],
  },
  {
    name: "conformance",
    files: KIT,
    ours: [CONTRACT, ARBITRARY],
    types: [WIRE],
    packages: ["node:", "fast-check", "picocolors"],
    // What the kit and a driver say to each other.
    data: [/^schemas\/driver\.json$/],
  },
  {
    name: "mock",
    files: /^reference-server\/mock(\/|[-.])/,
    ours: [REFERENCE, GENERATED, WIRE, CONTRACT, ARBITRARY],
    types: [],
    packages: ["node:", "ws", "socket.io", "ajv", "fast-check"],
  },
  {
    name: "reference-server",
    files: REFERENCE,
    ours: [GENERATED, WIRE],
    types: [],
    packages: ["node:", "ws", "socket.io"],
  },
  {
    name: "cli",
    files: /^src\/cli\//,
    ours: [/^src\//, REFERENCE, KIT, MUTANTS, GENERATED],
    types: [PLAYGROUND],
    packages: ["*"],
    // The files that users write and read: configuration, baseline, report.
    data: [/^schemas\/[a-z]+\.json$/],
  },
  {
    name: "entries",
    files: /^src\/(index|server)\.ts$/,
    ours: [/^src\//, REFERENCE],
    types: [],
    packages: [],
  },
];

/** What is wrong with `found` in `file` (a path from the root); undefined when it is allowed. */
export function judgeImport(file: string, found: Import): string | undefined {
  const layer = LAYERS.find((candidate) => candidate.files.test(file));
  if (layer === undefined) return `${file} is in no layer; test/layers.ts names them`;
  const { specifier } = found;
  const says = `${file} (${layer.name}) imports ${specifier}`;
  if (!specifier.startsWith(".")) {
    const allowed = layer.packages.some(
      (name) =>
        name === "*" ||
        (name.endsWith(":")
          ? specifier.startsWith(name)
          : specifier === name || specifier.startsWith(`${name}/`)),
    );
    return allowed || found.typeOnly ? undefined : `${says}, a package that this layer may not use`;
  }
  const target = resolvePath(file, specifier);
  if (layer.data?.some((allowed) => allowed.test(target))) return undefined;
  if (/\.test\.ts$|^test\//.test(target)) return `${says}, a test`;
  if (LAYERS.find((candidate) => candidate.files.test(target)) === layer) return undefined;
  if (layer.ours.some((allowed) => allowed.test(target))) return undefined;
  if (layer.types.some((allowed) => allowed.test(target))) {
    return found.typeOnly ? undefined : `${says}, of which it may only import types`;
  }
  return `${says}: imports point one way, and not this one`;
}

/** Every import of a TypeScript file, dynamic ones and re-exports included. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: onlyTypes(node.importClause) });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier !== undefined && ts.isStringLiteral(specifier))
        found.push({ specifier: specifier.text, typeOnly: false });
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      found.push({ specifier: node.argument.literal.text, typeOnly: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest));
  return found;
}

/** True for `import type …` and for `import { type A, type B }`. */
function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  if (clause.name !== undefined || names === undefined || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

function resolvePath(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/").replace(/\.js$/, ".ts");
}
