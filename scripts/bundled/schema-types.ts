/**
 * The printer of TypeScript types, as the one file that is bundled for users: the package brings a formatter of 12 MB
 * and 16 other packages, of which nothing is used.
 */
export { compile } from "json-schema-to-typescript";
