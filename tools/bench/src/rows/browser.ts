import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { launchChromium } from "../../../browser/src/page.ts";
import type { PageContest, PagePair, PageTaken } from "../in-page.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { median, medianRatio } from "../statistics.ts";

/** The kernels in a browser, by wall time: a page cannot tell the processor's. */
export const browserRows: readonly Row[] = [
  browserRow({
    name: "kernel-browser",
    title: "inflate a layer in Chromium",
    format: "deflate-raw",
    bars: [{ figure: "speed", limit: 2 }],
  }),
  browserRow({
    name: "kernel-browser-gzip",
    title: "the same, with its crc32",
    format: "gzip",
    bars: [],
  }),
];

interface BrowserRow extends Pick<PageContest, "format">, Pick<Row, "name" | "title" | "bars"> {}

function browserRow({ format, ...facts }: BrowserRow): Row {
  return {
    ...facts,
    against: "DecompressionStream",
    section: "kernels",
    needs: ["skopeo", "chromium"],
    async run(bench) {
      const { gzip } = await bench.inputs.layer();
      const pairs = await contestInPage(gzip, { pairs: bench.pace.pairs, format });
      const ours = median(pairs.map((pair) => speed(pair.ours)));
      return {
        figures: { rate: ours, speed: medianRatio(pairs, speed) },
        ours: { bytesPerSecond: ours },
        theirs: { bytesPerSecond: median(pairs.map((pair) => speed(pair.theirs))) },
        samples: pairs,
      };
    },
  };
}

function speed({ bytes, seconds }: PageTaken): number {
  return bytes / seconds;
}

async function contestInPage(layer: string, options: Omit<PageContest, "url">): Promise<readonly PagePair[]> {
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
    return await page.evaluate(
      (contest) => {
        const { drayageContest } = globalThis as unknown as {
          drayageContest: (contest: PageContest) => Promise<readonly PagePair[]>;
        };
        return drayageContest(contest);
      },
      { ...options, url: "/layer" },
    );
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
