import { startDockerd, type TestDockerd } from "@drayage-internal/peers";
import { afterAll } from "vitest";

/** One daemon for all tests of a file, started when the first of them needs it. */
export function daemonOfThisFile(
  start: () => Promise<TestDockerd> = startDockerd,
): () => Promise<TestDockerd> {
  let starting: Promise<TestDockerd> | undefined;
  afterAll(async () => {
    await (await starting)?.stop();
  });
  return () => {
    starting ??= start();
    return starting;
  };
}

/** The daemon's images: their IDs, and their names in order. */
export async function imagesOf(daemon: TestDockerd): Promise<Readonly<Record<string, readonly string[]>>> {
  const listed = (await daemon.api("/images/json?all=1")).json() as {
    readonly Id: string;
    readonly RepoTags: readonly string[] | null;
  }[];
  const images = listed.map(({ Id, RepoTags }) => [Id, [...(RepoTags ?? [])].sort()] as const);
  return Object.fromEntries(images.sort(([a], [b]) => (a < b ? -1 : 1)));
}
