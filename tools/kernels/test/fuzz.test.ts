import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("../fuzz.mjs", import.meta.url));

it("the kernels stand some hundred trials of the fuzzer; what it prints says how to repeat them", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@drayage/source", program, "--cases", "150"],
    { encoding: "utf8" },
  );
  expect.soft(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toMatch(
    /^fuzzing inflate, gzip, deflate, checksums with --seed \d+\n150 trials of each, 0 failures\n$/,
  );
});

it("a name that is no kernel's is refused", () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@drayage/source", program, "--kernel", "lzma"],
    { encoding: "utf8" },
  );
  expect(status).toBe(2);
  expect(stderr).toContain("--kernel lzma: there are inflate, gzip, deflate, checksums");
});
