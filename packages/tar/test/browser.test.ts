import { describe, it } from "vitest";
import { vectors } from "./browser/tar.vectors.ts";

describe("the vectors that hold in browsers too", () => {
  for (const vector of vectors) it(vector.name, vector.run);
});
