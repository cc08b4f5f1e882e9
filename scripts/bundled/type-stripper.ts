/**
 * What turns generated code into JavaScript, as the one file that is bundled for users: the page of `serve` runs the
 * codec of whatever document is served. Node 20 cannot take types off by itself.
 */
export { transform } from "sucrase";
