/** The public API: read and lint a document, compile it to a Contract, generate code from it. */
export { CodegenError, type GeneratedFile, type GenerateOptions, generate } from "./codegen/generate.js";
export type * from "./contract/contract.js";
export {
  type Bump,
  type Change,
  type ContractDiff,
  diffContracts,
  type Effect,
} from "./contract/diff/diff.js";
export { DocumentError, type Finding, type Severity } from "./document/finding.js";
export { type LintResult, lintDocument } from "./document/lint.js";
export { type LoadOptions, loadContract } from "./document/load.js";
export { readContract } from "./document/read-contract.js";
