import { DrayageError, isDrayageError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { type Locations, openLocations } from "../locations.ts";

/** The text with the scheme that its own is a slip of, if it may be one: `oci-dir:layout` for `ocidir:layout`. */
export async function meantInstead({ registry }: Locations, text: string): Promise<string | undefined> {
  try {
    await registry.resolve(text);
  } catch (error) {
    const hint = isDrayageError(error, "ERR_DRAYAGE_TRANSPORT_UNKNOWN") ? error.hint : undefined;
    const scheme = /^did you mean ([a-z-]+)\?/.exec(hint ?? "")?.[1];
    return scheme && `${scheme}${text.slice(text.indexOf(":"))}`;
  }
  return undefined;
}

interface Failed {
  /** What was taken for an image's name. */
  readonly text: string;
  readonly error: unknown;
  readonly plugins: readonly string[] | undefined;
}

/** The failure to find an image, with the place that may be meant by its name: for who calls dray by its own name. */
export async function withMeantPlace(
  context: DrayContext,
  { text, error, plugins }: Failed,
): Promise<unknown> {
  if (context.calledAs !== "dray" || !isDrayageError<string>(error)) return error;
  if (error.code === "ERR_DRAYAGE_ABORTED") return error;
  const meant = await meantInstead(await openLocations(context, plugins), text);
  return meant === undefined ? error : withHint(error, `did you mean ${meant}?`);
}

export function withHint(error: unknown, hint: string): unknown {
  if (!isDrayageError<string>(error)) return error;
  const { code, message, op, side } = error;
  return new DrayageError(code, message, { hint, op, side, cause: error });
}
