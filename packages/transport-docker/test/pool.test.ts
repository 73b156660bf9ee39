import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createPool } from "../src/pool.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("what is leased is made once for all, and closed once it was idle for long enough", async () => {
  const closed: string[] = [];
  const pool = createPool<string>(1000, (value) => closed.push(value));
  let made = 0;
  const make = async (): Promise<string> => `thing ${++made}`;
  const [first, second] = await Promise.all([pool.lease("a", make), pool.lease("a", make)]);
  expect([first.value, second.value, (await pool.lease("b", make)).value]).toEqual([
    "thing 1",
    "thing 1",
    "thing 2",
  ]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(5000);
  expect(closed).toEqual([]);
  second[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(999);
  const third = await pool.lease("a", make);
  await vi.advanceTimersByTimeAsync(5000);
  expect([third.value, closed]).toEqual(["thing 1", []]);
  third[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(1000);
  expect(closed).toEqual(["thing 1"]);
  expect((await pool.lease("a", make)).value).toBe("thing 3");
});

it("what could not be made is tried again by the next", async () => {
  const pool = createPool<string>(1000, () => undefined);
  await expect(pool.lease("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect((await pool.lease("a", async () => "yes")).value).toBe("yes");
});
