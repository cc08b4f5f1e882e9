/**
 * The official readers of AsyncAPI documents, as the one file that is bundled for users.
 *
 * Installed from the registry they bring 145 packages and an install script that phones home; bundled they bring
 * neither. `src/document` imports them by name; the build points those imports at this bundle.
 */
export { convert } from "@asyncapi/converter";
export { Parser } from "@asyncapi/parser";
