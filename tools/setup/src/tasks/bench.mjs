import { ensurePeers } from "../peers.mjs";
import { runNode } from "../process.mjs";
import { build } from "./build.mjs";

/**
 * Measures the packages as they are built beside their peers.
 * @param {readonly string[]} args
 */
export async function bench(args) {
  const measures = !args.some((arg) => ["--help", "-h", "--list"].includes(arg));
  if (measures) {
    await ensurePeers(["tools/peers/peers.json", "tools/bench/peers.json"]);
    const built = await build();
    if (built !== 0) return built;
  }
  return runNode("tools/bench/bench.mjs", args);
}
