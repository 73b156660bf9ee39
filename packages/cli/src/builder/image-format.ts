import type { DrayContext } from "../context.ts";
import { said } from "./said.ts";

/** The format that a flag asks for, or BUILDAH_FORMAT; undefined where nothing does. */
export function formatOf(
  { env }: Pick<DrayContext, "env">,
  flag: string | undefined,
): "oci" | "docker" | undefined {
  const format = flag ?? env.BUILDAH_FORMAT;
  if (format === undefined || format === "") return undefined;
  if (format === "oci" || format === "docker") return format;
  throw said(`unrecognized image type ${JSON.stringify(format)}`, "oci, docker");
}
