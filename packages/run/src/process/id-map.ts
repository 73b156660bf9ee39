import { readFileSync } from "node:fs";

interface Range {
  readonly inner: number;
  readonly outer: number;
  readonly count: number;
}

const allIds = 2 ** 32 - 1;

function ranges(): readonly Range[] {
  const lines = readFileSync("/proc/self/uid_map", "utf8").trim().split("\n");
  return lines.map((line) => {
    const [inner = 0, outer = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    return { inner, outer, count };
  });
}

/** As the machine counts: in a user namespace our 0 is not that of root. */
export function outerUid(uid: number): number {
  const range = ranges().find(({ inner, count }) => uid >= inner && uid < inner + count);
  return range === undefined ? uid : range.outer + uid - range.inner;
}

/** Whether this process is in a user namespace, whoever made it: not all users are there. */
export function isMapped(): boolean {
  return !ranges().some(({ inner, outer, count }) => inner === 0 && outer === 0 && count === allIds);
}
