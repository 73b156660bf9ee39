import { type ConformanceOptions, transportConformance } from "@drayage/testkit";
import { describe, it } from "vitest";
import { containersStorage } from "../src/index.ts";
import { driverNames, driverOf, whyNot } from "./support/machine.ts";
import { testStore } from "./support/test-store.ts";

const references: ConformanceOptions["references"] = {
  valid: [
    "a",
    "a:b",
    "quay.io/a/b:c",
    `@${"a".repeat(64)}`,
    "a".repeat(64),
    "cafe",
    "@cafe",
    `a@sha256:${"b".repeat(64)}`,
    `a:b@sha256:${"b".repeat(64)}@${"c".repeat(64)}`,
    "[/graph]a",
    "[vfs@/graph+/run:vfs.ignore_chown_errors=true,.x=y]a:1",
  ],
  invalid: ["A", "a@", "@ab", "@xyz", "[", "[]a", "[vfs@]a", "[vfs@graph]a", "[Vfs@/graph]a", "[/graph]"],
};

for (const name of driverNames) {
  const reason = await whyNot(name);
  for (const keepBlobs of [false, true]) {
    const title = `containers-storage on ${name}${keepBlobs ? ", keeping blobs" : ""}`;
    if (reason !== undefined) {
      describe.skip(`${title} (${reason})`, () => {
        it("cannot be tested here", () => undefined);
      });
      continue;
    }
    transportConformance({
      test: { describe, it },
      name: title,
      traits: { layers: keepBlobs ? "kept" : "unpacked" },
      references,
      async setup() {
        const { store, snapshot, dispose, place } = await testStore(driverOf(name));
        let count = 0;
        return {
          transport: containersStorage({ store, keepBlobs }),
          reference: () => `${place}image-${count++}:v1`,
          snapshot,
          dispose,
        };
      },
    });
  }
}
