import {
  createHasher,
  createResumableHasher,
  createVerifier,
  digestBytes,
  isDigest,
  parseDigest,
  verifying,
} from "../../src/index.ts";

const abc = new TextEncoder().encode("abc");

// FIPS 180-4's examples.
const abcDigests = {
  sha256: "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha384:
    "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  sha512:
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
} as const;

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

export const vectors: readonly { name: string; run(): void | Promise<void> }[] = [
  ...(["sha256", "sha384", "sha512"] as const).map((algorithm) => ({
    name: `${algorithm} of abc, whole, by bytes and resumed`,
    run() {
      same(digestBytes(abc, algorithm), abcDigests[algorithm]);
      const hasher = createHasher(algorithm);
      for (const byte of abc) hasher.update(Uint8Array.of(byte));
      same(hasher.digest(), abcDigests[algorithm]);
      const first = createResumableHasher(algorithm);
      first.update(abc.subarray(0, 1));
      const second = createResumableHasher(algorithm, JSON.parse(JSON.stringify(first.save())));
      second.update(abc.subarray(1));
      same(second.digest(), abcDigests[algorithm]);
    },
  })),
  {
    name: "sha256 of a million letters a",
    run() {
      const expected = "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
      same(digestBytes(new Uint8Array(1_000_000).fill(0x61)), expected);
    },
  },
  {
    name: "digests are told from what is none",
    run() {
      same(parseDigest(abcDigests.sha256), abcDigests.sha256);
      same(isDigest(abcDigests.sha256.toUpperCase()), false);
      same(
        codeOf(() => parseDigest("sha256:")),
        "ERR_DRAYAGE_DIGEST_INVALID",
      );
    },
  },
  {
    name: "bytes of another digest are refused",
    async run() {
      const verifier = createVerifier({ digest: parseDigest(abcDigests.sha256) });
      verifier.update(Uint8Array.of(1));
      same(
        codeOf(() => verifier.finish()),
        "ERR_DRAYAGE_DIGEST_MISMATCH",
      );
      let chunks = 0;
      for await (const _ of verifying([abc], { digest: parseDigest(abcDigests.sha512) })) chunks++;
      same(chunks, 1);
    },
  },
];
