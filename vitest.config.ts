import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,conformance,reference-server,playground,scripts,test}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A second is little for a browser on a busy machine; what is there at once costs nothing.
    expect: { poll: { timeout: 10_000 } },
    // Two cores: more workers only add noise to what is timed inside the tests.
    maxWorkers: 2,
  },
});
