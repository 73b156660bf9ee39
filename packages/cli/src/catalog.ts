import type { SourceOptions } from "@drayage/transport";
import type { DrayContext } from "./context.ts";

/** The paths of a registry's repositories, page after page, as the machine and the flags say that it is reached. */
export async function* listRepositories(
  { env, signal }: Pick<DrayContext, "env" | "signal">,
  host: string,
  options: SourceOptions,
): AsyncGenerator<string, void> {
  const { docker } = await import("@drayage/transport-docker");
  yield* docker({ env }).listRepositories(host, { ...options, signal });
}
