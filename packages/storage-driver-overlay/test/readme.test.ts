import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runReadme } from "../../../tools/build/readme.ts";
import { named, whyNoOverlay } from "./support/machine.ts";

describe.skipIf(whyNoOverlay !== undefined)(named("the README"), () => {
  it("has code that runs, and prints what it says", async () => {
    expect(await runReadme(join(import.meta.dirname, ".."))).toBe("true\n");
  });
});
