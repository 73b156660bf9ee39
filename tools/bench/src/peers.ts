import tested from "@drayage-internal/peers/peers.json" with { type: "json" };
import { findProgram } from "@drayage-internal/peers/programs";
import measured from "../peers.json" with { type: "json" };

const table = { ...tested, ...measured };

/** A program that the bench compares with or measures by: the peers of the tests, and some that only the bench needs. */
export type BenchPeer = keyof typeof table;

/** Where the peer is, or undefined where it is not installed. */
export function findBenchPeer(name: BenchPeer): string | undefined {
  return findProgram(name);
}

/** Where the peer is. Throws where it is not installed. */
export function benchPeer(name: BenchPeer): string {
  const found = findBenchPeer(name);
  if (found === undefined) throw new Error(lackOf(name));
  return found;
}

/** Says that a peer is missing, and how to install it. */
export function lackOf(name: BenchPeer): string {
  return `${name} is not installed (apt-get install ${table[name].package})`;
}
