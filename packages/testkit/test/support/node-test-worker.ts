/** The suite under node:test. With the argument `broken`, of a transport that breaks a rule. */
import { describe, it } from "node:test";
import { transportConformance } from "../../src/index.ts";
import { brokenTransports } from "./broken.ts";
import { memoryFixture } from "./memory-fixture.ts";

const broken = process.argv.includes("broken")
  ? brokenTransports.find(({ what }) => what === "lists nothing")
  : undefined;

transportConformance({
  test: { describe, it },
  name: "memory",
  setup: () => memoryFixture({ accepts: { parallelBlobs: 1 } }, broken?.spoil),
});
