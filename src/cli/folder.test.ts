import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeFolder, mustBeWritable } from "./folder.js";

const root = mkdtempSync(join(tmpdir(), "wireproof-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a folder that is to be made", () => {
  it("is made with those above it, and may be there already", () => {
    makeFolder(join(root, "a", "b", "c"));
    makeFolder(join(root, "a", "b", "c"));
    expect(existsSync(join(root, "a", "b", "c"))).toBe(true);
  });

  it.runIf(process.platform === "linux")("ends with what to do where the system never has it", () => {
    expect(() => makeFolder("/proc/x")).toThrow("the folder /proc/x cannot be made");
  });

  it("cannot be a file, nor lie under one", () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    expect(() => makeFolder(file)).toThrow("is a file, not a folder");
    expect(() => makeFolder(join(file, "x"))).toThrow("a part of the path is not a folder");
  });
});

describe("a file that is to be written", () => {
  it("is proved without leaving anything behind or changing what is there", () => {
    const fresh = join(root, "new", "report.json");
    mustBeWritable(fresh);
    expect(existsSync(fresh)).toBe(false);
    const old = join(root, "old.json");
    writeFileSync(old, "kept");
    mustBeWritable(old);
    expect(readFileSync(old, "utf8")).toBe("kept");
  });

  it("cannot be a folder", () => {
    mkdirSync(join(root, "folder"));
    expect(() => mustBeWritable(join(root, "folder"))).toThrow("is a folder; name a file in it");
  });

  it.runIf(process.platform === "linux")("is refused where the system takes none", () => {
    expect(() => mustBeWritable("/proc/report.json")).toThrow("/proc/report.json cannot be written");
  });
});
