export type { Contract } from "./contract/contract.js";
