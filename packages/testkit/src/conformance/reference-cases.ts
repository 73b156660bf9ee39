import assert from "node:assert/strict";
import { isDrayageError } from "@drayage/errors";
import { checkTransport, type Transport, transportApiVersion, transportBrand } from "@drayage/transport";
import { hostileReferences } from "../hostile.ts";
import type { Cases } from "./case.ts";

export const referenceCases: Cases<
  | "has the brand, the version and a scheme"
  | "parses references and writes them so that they parse again"
  | "refuses what is no reference"
  | "touches nothing when it parses"
> = {
  "has the brand, the version and a scheme": {
    async run({ transport }) {
      assert.equal(transport[transportBrand], true);
      assert.equal(transport.apiVersion, transportApiVersion);
      checkTransport(transport, "the transport");
      assert.ok(transport.summary.length > 0 && !transport.summary.includes("\n"), "the summary is one line");
    },
  },
  "parses references and writes them so that they parse again": {
    async run({ transport, fixture, references }) {
      for (const text of [fixture.reference(), ...references.valid]) {
        const reference = transport.parse(text);
        assert.deepEqual(transport.parse(reference.text), reference, `${text} becomes ${reference.text}`);
      }
    },
  },
  "refuses what is no reference": {
    async run({ transport, references }) {
      const invalid = [...hostileReferences, ...references.invalid];
      const taken = invalid.filter((text) => refusalOf(transport, text) === undefined);
      assert.deepEqual(taken, [], "texts that are taken for references");
      for (const text of invalid) {
        const error = refusalOf(transport, text);
        const what = `${JSON.stringify(text)} is refused with ${String(error)}`;
        assert.ok(isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID"), what);
      }
    },
  },
  "touches nothing when it parses": {
    async run(bench) {
      const before = await bench.snapshot();
      bench.reference();
      assert.deepEqual(await bench.snapshot(), before);
    },
  },
};

/** What a text is refused with, or undefined where it is taken. */
function refusalOf(transport: Transport, text: string): unknown {
  try {
    transport.parse(text);
    return undefined;
  } catch (error) {
    return error;
  }
}
