import { base } from "../../tools/build/tsup.base.ts";

export default base({ entry: ["src/index.ts", "src/edge-layers.ts"] });
