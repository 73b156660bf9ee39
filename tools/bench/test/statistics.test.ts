import fc from "fast-check";
import { expect, it } from "vitest";
import { interleave } from "../src/interleave.ts";
import { median, medianDifference, medianRatio } from "../src/statistics.ts";

it("the median is the middle value, or the mean of the two in the middle", () => {
  expect(median([5])).toBe(5);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 2, 4])).toBe(3);
  expect(() => median([])).toThrow(TypeError);
});

it("the median does not depend on the order, and has as many values below it as above", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
      const middle = median(values);
      expect(median(values.toReversed())).toBe(middle);
      expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
      expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

it("ratios are taken pair by pair: a pair that was slowed down as a whole changes nothing", () => {
  const pairs = [
    { ours: 1, theirs: 2 },
    { ours: 10, theirs: 20 },
    { ours: 3, theirs: 4 },
  ];
  expect(medianRatio(pairs, (one) => one)).toBe(0.5);
  expect(medianDifference(pairs, (one) => one)).toBe(-1);
});

it("sides take turns in going first", async () => {
  const order: string[] = [];
  const side = (name: string) => async (pair: number) => {
    order.push(name);
    return `${name}${pair}`;
  };
  const pairs = await interleave({ ours: side("a"), theirs: side("b") }, { pairs: 3 });
  expect(order.join("")).toBe("abbaab");
  expect(pairs).toEqual([
    { ours: "a0", theirs: "b0" },
    { ours: "a1", theirs: "b1" },
    { ours: "a2", theirs: "b2" },
  ]);
});

it("where the time is over, one pair is taken all the same", async () => {
  const side = async (pair: number): Promise<number> => pair;
  const pairs = await interleave({ ours: side, theirs: side }, { pairs: 5, seconds: 0 });
  expect(pairs).toEqual([{ ours: 0, theirs: 0 }]);
});
