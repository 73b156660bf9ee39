import fc from "fast-check";
import { expect, it } from "vitest";
import { editRecord, joinRecords, parseRecord, splitRecords } from "../src/records/record-text.ts";

const order = ["id", "names", "layer", "flags"];

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Without -0, which JSON.stringify does not write. */
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** JSON objects as other programs may write them, with white space between their values. */
const record = fc
  .dictionary(fc.oneof(fc.constantFrom(...order), fc.string()), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8 })
  .map((value) => json({ ...value, id: "an id" }) as Readonly<Record<string, unknown>>);

it("a list is split into the bytes of its records, and joined again", () => {
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 5 }),
      fc.constantFrom(undefined, 1, "\t"),
      (records, indent) => {
        const split = [...splitRecords(bytesOf(JSON.stringify(records, null, indent)), "file")];
        expect(split.map((one) => JSON.parse(textOf(one)) as unknown)).toEqual(records);
        const compact = records.map((one) => JSON.stringify(one));
        expect(textOf(joinRecords(compact.map(bytesOf)))).toBe(`[${compact.join(",")}]`);
      },
    ),
  );
});

it("a record keeps all members that are not changed, and the order of all", () => {
  fc.assert(
    fc.property(
      record,
      fc.constantFrom(...order),
      fc.option(fc.jsonValue().map(json), { nil: undefined }),
      (value, name, next) => {
        const edited = editRecord(
          parseRecord(bytesOf(JSON.stringify(value)), "file", 0),
          { [name]: next },
          order,
        );
        const expected: Record<string, unknown> = { ...value, [name]: next };
        if (next === undefined) delete expected[name];
        const result = JSON.parse(textOf(edited)) as Record<string, unknown>;
        expect(result).toEqual(json(expected));
        const others = (keys: readonly string[]): readonly string[] => keys.filter((key) => key !== name);
        expect(others(Object.keys(result))).toEqual(others(Object.keys(value)));
        expect(others(Object.keys(result).filter((key) => order.includes(key)))).toEqual(
          others(Object.keys(value).filter((key) => order.includes(key))),
        );
      },
    ),
  );
});

it("new members come where Go's struct has them", () => {
  const names = fc.shuffledSubarray(order.slice(1));
  fc.assert(
    fc.property(names, (added) => {
      let text = bytesOf('{"id":"x"}');
      for (const name of added) text = editRecord(parseRecord(text, "file", 0), { [name]: 1 }, order);
      const present = order.filter((name) => name === "id" || added.includes(name));
      expect(Object.keys(JSON.parse(textOf(text)) as object)).toEqual(present);
    }),
  );
});
