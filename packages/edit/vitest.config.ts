import { vitestBase } from "../../tools/build/vitest.base.ts";

export default vitestBase(import.meta.dirname);
