import { describe, it } from "vitest";
import { findPeer, type PeerName, packageOf } from "./find.ts";

/** What a test may need of the machine: a peer, or to be root. */
export type Need = PeerName | "root";

/** The path of each peer that was asked for. */
export type Peers<N extends Need> = Readonly<Record<Exclude<N, "root">, string>>;

/**
 * A suite that needs peers. Where one is missing the suite is skipped, and its name then ends with the reason;
 * with `CI=true` it fails.
 */
export function describeWithPeers<const N extends Need>(
  name: string,
  needs: readonly N[],
  body: (peers: Peers<N>) => void,
): void {
  const paths: Partial<Record<PeerName, string>> = {};
  const missing: string[] = [];
  for (const need of needs as readonly Need[]) {
    if (need === "root") {
      if (process.getuid?.() !== 0) missing.push("it needs root");
      continue;
    }
    const found = findPeer(need);
    if (found === undefined) missing.push(`${need} is not installed (Debian package ${packageOf(need)})`);
    else paths[need] = found;
  }
  if (missing.length === 0) {
    describe(name, () => body(paths as Peers<N>));
    return;
  }
  const reason = missing.join(", ");
  if (process.env.CI === "true") {
    it(`${name}: its peers are there`, () => {
      throw new Error(`${reason}, and with CI=true no test may be skipped for that`);
    });
    return;
  }
  describe(`${name} [skipped: ${reason}]`, () => {
    it.skip("all of it", () => {});
  });
}
