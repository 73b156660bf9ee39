import { it } from "vitest";
import { vectors } from "./browser/reference.vectors.ts";

for (const vector of vectors) it(vector.name, vector.run);
