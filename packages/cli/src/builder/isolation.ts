import type { Isolation } from "@drayage/builder";
import type { DrayContext } from "../context.ts";
import { said } from "./said.ts";

/** The isolation that a flag asks for, or BUILDAH_ISOLATION; undefined where nothing does. */
export function isolationOf(
  { env }: Pick<DrayContext, "env">,
  flag: string | undefined,
): Isolation | undefined {
  const asked = flag === undefined || flag === "" ? env.BUILDAH_ISOLATION : flag;
  if (asked === undefined || asked === "") return undefined;
  switch (asked.toLowerCase()) {
    case "oci":
    case "default":
      return "oci";
    case "rootless":
      return "rootless";
    case "chroot":
      return "chroot";
    default:
      throw said(`unrecognized isolation type ${JSON.stringify(asked)}`, "oci, rootless, chroot, default");
  }
}
