import { fork } from "node:child_process";
import { once } from "node:events";
import { lstatSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { unpackLayer, type Whiteouts } from "../src/index.ts";
import { dir, type Entry, file, layer, link, symlink, whiteout } from "./support/layers.ts";
import { playground, tree } from "./support/tree.ts";

/** Files, links, whiteouts and odd modes in folders that somebody else moves about meanwhile. */
function entries(round: number): readonly Entry[] {
  const found: Entry[] = [];
  for (let index = 0; index < 200; index++) {
    const folder = `d${index % 4}`;
    const mode = 0o600 + (index % 8);
    found.push(dir(folder, { mode: 0o777 }), file(`${folder}/f${index % 50}`, `round ${round}`, { mode }));
    found.push(dir(`${folder}/sub`, { mode: 0o707 }), file(`${folder}/sub/secret`, "x", { mode: 0o666 }));
    if (index % 5 === 0) found.push(link(`${folder}/h${index}`, `${folder}/f${index % 50}`, { mode: 0o640 }));
    if (index % 7 === 0) found.push(whiteout(`${folder}/.wh.secret`), whiteout(`${folder}/.wh..wh..opq`));
    if (index % 11 === 0) found.push(symlink(`${folder}/secret`, "elsewhere"), whiteout(`.wh.${folder}`));
  }
  return found;
}

it.each<Whiteouts>(["apply", "overlay-user", "keep"])(
  "nothing leaves the root while another process moves its folders, with whiteouts: %s",
  async (whiteouts) => {
    const place = playground();
    const { root, outside } = place;
    const secret = join(outside, "secret");
    writeFileSync(secret, "secret", { mode: 0o600 });
    const before = lstatSync(secret, { bigint: true });
    const swapper = fork(new URL("./support/swapper.mjs", import.meta.url), [root, outside], {
      execArgv: [],
    });
    const ended = once(swapper, "exit");
    try {
      await once(swapper, "message");
      let failed = 0;
      for (let round = 0; round < 40; round++) {
        const unpacked = unpackLayer(layer(...entries(round)), { root, whiteouts });
        await unpacked.catch((error: { code: string }) => {
          // It may find something else than it has just made, and says so.
          expect(error.code).toMatch(/^ERR_DRAYAGE_(IO|ARCHIVE_INVALID)$/);
          failed += 1;
        });
      }
      expect(failed).toBeLessThanOrEqual(40);
    } finally {
      swapper.kill("SIGKILL");
      await ended;
    }
    expect(tree(outside)).toEqual({ secret: "file secret 600" });
    const { ino, mtimeNs, ctimeNs, nlink } = lstatSync(secret, { bigint: true });
    expect({ ino, mtimeNs, ctimeNs, nlink }).toEqual({
      ...{ ino: before.ino, mtimeNs: before.mtimeNs, ctimeNs: before.ctimeNs, nlink: before.nlink },
    });
    place.remove();
  },
);
