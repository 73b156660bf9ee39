import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@drayage/storage";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { sysUnavailable } from "@drayage/sys";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorkingContainer, readState, saveState } from "../../src/index.ts";

const whyNot = sysUnavailable();
const note = whyNot === undefined ? "" : ` [skipped: ${whyNot}]`;

describe.skipIf(whyNot !== undefined)(`a state that is saved without a change${note}`, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is refused where somebody else has changed it meanwhile, and else stays", async () => {
    const roots = { graphRoot: join(folder, "graph"), runRoot: join(folder, "run") };
    await using store = await openStore({ ...roots, driver: vfsDriver() });
    const { id, state } = await createWorkingContainer(store, { from: "scratch" });
    expect(await saveState(store, state)).toEqual(state);
    await saveState(store, { ...state, createdBy: "somebody else" });
    await expect(saveState(store, state)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFLICT",
      retryable: true,
    });
    expect((await readState(store, id))?.createdBy).toBe("somebody else");
  });
});
