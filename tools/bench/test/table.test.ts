import { expect, it } from "vitest";
import { type Bar, missedBars, verdict } from "../src/bars.ts";
import { betweenMarkers } from "../src/docs.ts";
import { drawPicture } from "../src/picture.ts";
import { tablesText } from "../src/report.ts";
import { markdownTables, textTables } from "../src/table.ts";
import { exampleResults } from "./example-results.ts";

const machine = {
  date: "2026-11-21",
  processor: "Example 1",
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  system: "Linux x86_64",
  node: "20.19.0",
  fileSystem: "ext4",
  peers: { skopeo: "1.9.3" },
};

it("a bar holds at its limit; what was not measured holds none", () => {
  const most: Bar = { figure: "wall", limit: 0.6 };
  const least: Bar = { figure: "speed", limit: 1.3 };
  expect(missedBars([most, least], { wall: 0.6, speed: 1.3 })).toEqual([]);
  expect(missedBars([most, least], { wall: 0.61, speed: 1.29 })).toEqual([most, least]);
  expect(missedBars([most], {})).toEqual([most]);
  expect(verdict([most, least], { wall: 0.5, speed: 1 })).toBe("no: speed");
  expect(verdict([most], { wall: 0.5 })).toBe("yes");
  expect(verdict([], {})).toBe("");
});

it("the text table is aligned, with a section for each kind of row and none for what was skipped", () => {
  expect(textTables(exampleResults).split("\n")).toEqual([
    "Whole copies",
    "",
    "operation                       beside  wall   CPU  bytes      seconds  MB of memory  at most, at least             holds",
    "──────────────────────────────  ──────  ────  ────  ─────  ───────────  ────────────  ────────────────────────────  ──────────",
    "docker-archive → oci-dir, gzip  skopeo  0.70  0.65  1.005  2.10 / 3.00      120 / 56  wall ≤ 0.80, memory ≤ 100 MB  no: memory",
    "",
    "Start-up",
    "",
    "command                   node alone, ms  dray, ms  above node, ms  skopeo, ms  at most, at least  holds",
    "────────────────────────  ──────────────  ────────  ──────────────  ──────────  ─────────────────  ─────",
    "dray --version (Node 24)            32.5      36.5             4.0        15.7  above ≤ 8 ms       yes",
  ]);
});

it("the Markdown tables have the same cells", () => {
  const lines = markdownTables(exampleResults).split("\n");
  expect(lines.slice(0, 5)).toEqual([
    "### Whole copies",
    "",
    "| operation | beside | wall | CPU | bytes | seconds | MB of memory | at most, at least | holds |",
    "| --- | --- | --: | --: | --: | --: | --: | --- | --- |",
    "| docker-archive → oci-dir, gzip | skopeo | 0.70 | 0.65 | 1.005 | 2.10 / 3.00 | 120 / 56 | wall ≤ 0.80, memory ≤ 100 MB | no: memory |",
  ]);
});

it("the page says when, on what machine, and what was not measured", () => {
  const text = tablesText({ machine, quick: false, results: exampleResults });
  expect(text).toMatch(
    /^Measured 2026-11-21: 2 cores \(Example 1\), 8 GiB, Linux x86_64, ext4, Node 20\.19\.0, skopeo 1\.9\.3\.\n/,
  );
  expect(text).toMatch(/\n\nNot measured: .*: pigz is not installed \(apt-get install pigz\)\.$/);
});

it("only what stands between the markers is rewritten, and doing it again changes nothing", () => {
  const page =
    "before\n\n<!-- bench: what follows is written by npm run bench -- --write-docs -->\nold\n<!-- bench: the end of it -->\n\nafter\n";
  const once = betweenMarkers(page, "new\n");
  expect(once).toBe(
    "before\n\n<!-- bench: what follows is written by npm run bench -- --write-docs -->\n\nnew\n\n<!-- bench: the end of it -->\n\nafter\n",
  );
  expect(betweenMarkers(once, "new\n")).toBe(once);
});

it("a page without its markers, or with one of them twice, is refused", () => {
  const start = "<!-- bench: what follows is written by npm run bench -- --write-docs -->";
  const end = "<!-- bench: the end of it -->";
  for (const page of ["", start, end, `${end}${start}`, `${start}${end}${end}`, `${start}${start}${end}`]) {
    expect(() => betweenMarkers(page, "new")).toThrow("once, in this order");
  }
});

it("in the picture the stages fill our bar: what they leave is the rest, and too much is shrunk to fit", () => {
  const bar = {
    title: "a < b",
    against: "skopeo",
    stages: { read: 1, hash: 3 },
    ours: { cpu: 8, wall: 5 },
    theirs: { cpu: 10, wall: 9 },
  };
  const widths = (svg: string, fill: string): number[] =>
    [...svg.matchAll(new RegExp(`width="([\\d.]+)" height="26" fill="${fill}"`, "g"))].map(([, text]) =>
      Number(text),
    );
  const [read, hash, rest, peer] = ["#56b4e9", "#0072b2", "#e3e3e3", "#b9c0c8"] as const;
  const whole = drawPicture([bar]);
  const unit = (widths(whole, peer)[0] ?? 0) / 10;
  expect(widths(whole, read)[0]).toBeCloseTo(unit, 0);
  expect(widths(whole, hash)[0]).toBeCloseTo(3 * unit, 0);
  expect(widths(whole, rest)[0]).toBeCloseTo(4 * unit, 0);
  expect(whole).toContain("a &lt; b");
  const shrunk = drawPicture([{ ...bar, ours: { cpu: 2, wall: 1 } }]);
  expect(widths(shrunk, read)[0]).toBeCloseTo(unit / 2, 0);
  expect(widths(shrunk, rest)).toEqual([]);
});
