import { it } from "vitest";
import { vectors } from "./browser/compression.vectors.ts";

for (const vector of vectors) it(vector.name, vector.run);
