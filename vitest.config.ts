import { vitestWorkspace } from "./tools/build/vitest.base.ts";

export default vitestWorkspace(import.meta.dirname);
