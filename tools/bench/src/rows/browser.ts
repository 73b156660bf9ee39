import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { launchChromium } from "../../../browser/src/page.ts";
import type { PagePair, PageTaken } from "../in-page.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { median, medianRatio } from "../statistics.ts";

/** The kernels in a browser, by wall time: a page cannot tell the processor's. */
export const browserRows: readonly Row[] = [
  {
    name: "kernel-browser",
    title: "inflate a gzip layer in Chromium",
    against: "DecompressionStream",
    section: "kernels",
    needs: ["skopeo", "chromium"],
    bars: [{ figure: "speed", limit: 2 }],
    async run(bench) {
      const { gzip } = await bench.inputs.layer();
      const pairs = await contestInPage(gzip, bench.pace.pairs);
      const ours = median(pairs.map((pair) => speed(pair.ours)));
      return {
        figures: { rate: ours, speed: medianRatio(pairs, speed) },
        ours: { bytesPerSecond: ours },
        theirs: { bytesPerSecond: median(pairs.map((pair) => speed(pair.theirs))) },
        samples: pairs,
      };
    },
  },
];

function speed({ bytes, seconds }: PageTaken): number {
  return bytes / seconds;
}

async function contestInPage(layer: string, pairs: number): Promise<readonly PagePair[]> {
  const script = await bundle();
  const server = createServer((request, response) => {
    if (request.url === "/layer") {
      createReadStream(layer).pipe(response);
      return;
    }
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await launchChromium(benchPeer("chromium"));
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: script });
    return await page.evaluate((count) => {
      const { drayageContest } = globalThis as unknown as {
        drayageContest: (url: string, pairs: number) => Promise<readonly PagePair[]>;
      };
      return drayageContest("/layer", count);
    }, pairs);
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.resolve(import.meta.dirname, "../in-page.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}
