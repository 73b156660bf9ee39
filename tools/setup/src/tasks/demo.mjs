import { runNode } from "../process.mjs";
import { build } from "./build.mjs";

export async function demo() {
  const built = await build();
  return built === 0 ? runNode("tools/demo/demo.mjs") : built;
}
