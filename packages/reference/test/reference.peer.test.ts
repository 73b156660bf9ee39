import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatReference, parseNormalizedNamed, tagNameOnly } from "../src/index.ts";
import { accepted, refused } from "./table.ts";

// skopeo parses the name before it looks for the file, so a file that is not there shows what it makes of it.
describeWithPeers("Go's grammar, asked through skopeo", ["skopeo"], ({ skopeo }) => {
  function isRefused(text: string): boolean {
    const image = `docker-archive:/nonexistent/drayage.tar:${text}`;
    const { stderr, status } = spawnSync(skopeo, ["--insecure-policy", "inspect", image], {
      encoding: "utf8",
    });
    expect(status).toBe(1);
    return stderr.includes("docker-archive parsing reference");
  }

  it("takes what is taken here, but for what is newer", () => {
    const wrong = accepted.filter(({ text, newer = false }) => isRefused(text) !== newer);
    expect(wrong).toEqual([]);
  });

  it("refuses what is refused here", () => {
    // No argument of a program holds a null character; an @ at the start means something else to docker-archive.
    const askable = refused.filter(
      ({ text }) => text.length < 5000 && !text.includes("\0") && !text.startsWith("@"),
    );
    expect(askable.length).toBeGreaterThan(50);
    const wrong = askable.filter(({ text }) => !isRefused(text));
    expect(wrong).toEqual([]);
  });
});

describeWithPeers("Go's normal form, asked through skopeo", ["skopeo", "root"], ({ skopeo }) => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe("containers-storage names the image that it does not have", () => {
    it("by the name that is made here", () => {
      const store = `[vfs@${folder}/root+${folder}/run]`;
      const wrong = accepted.filter(({ text, newer }) => {
        if (newer) return false;
        const { stderr } = spawnSync(
          skopeo,
          ["--insecure-policy", "inspect", `containers-storage:${store}${text}`],
          {
            encoding: "utf8",
          },
        );
        const normal = formatReference(tagNameOnly(parseNormalizedNamed(text)));
        return !stderr.includes(`reference \\"${store}${normal}\\" does not resolve`);
      });
      expect(wrong).toEqual([]);
    });
  });
});
