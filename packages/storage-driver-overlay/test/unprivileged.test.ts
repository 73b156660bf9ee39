import { afterEach, expect, it, vi } from "vitest";
import { idOf } from "./support/ids.ts";
import { openTestStore } from "./support/store.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("whoever is not root is told what to do instead", async () => {
  vi.spyOn(process, "geteuid").mockReturnValue(1000);
  const { files } = await openTestStore();
  expect(await files.ids()).toEqual([]);
  for (const call of [
    async () => files.requireStaging?.(),
    () => files.stage(),
    () => files.create(idOf("a"), undefined),
  ]) {
    await expect(call()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
      hint: expect.stringContaining("`dray builder unshare`"),
    });
  }
});
