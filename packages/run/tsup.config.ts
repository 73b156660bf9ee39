import { base } from "../../tools/build/tsup.base.ts";

export default base();
