import { expect, it } from "vitest";
import { exitCode } from "../src/exit-code.ts";
import type { RowResult } from "../src/row.ts";

const facts = {
  name: "row",
  title: "a row",
  against: "a peer",
  section: "copies",
  bars: [{ figure: "wall", limit: 1 }],
} as const;
const measured = { ...facts, state: "measured", figures: { wall: 0.5 }, ours: {}, samples: [] } as const;
const good: RowResult = { ...measured, holds: true };
const missed: RowResult = { ...measured, holds: false };
const skipped: RowResult = { ...facts, state: "skipped", reason: "a peer is not installed" };
const failed: RowResult = { ...facts, state: "failed", reason: "another digest" };

it("is 1 where a result was wrong", () => {
  expect(exitCode([good, missed, skipped], false)).toBe(0);
  expect(exitCode([good, failed], false)).toBe(1);
});

it("is 1 in a check where a bar does not hold, or was not measured", () => {
  expect(exitCode([good], true)).toBe(0);
  expect(exitCode([good, missed], true)).toBe(1);
  expect(exitCode([good, skipped], true)).toBe(1);
  expect(exitCode([good, { ...skipped, bars: [] }], true)).toBe(0);
});
