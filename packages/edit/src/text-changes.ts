import { DrayageError } from "@drayage/errors";

/** What becomes of texts that have names: annotations, labels. */
export interface TextChanges {
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly unset?: readonly string[] | undefined;
  /** Takes all away before others are set. */
  readonly clear?: boolean | undefined;
}

/** The texts after the changes; undefined where nothing is asked for. */
export function changedTexts(
  before: Readonly<Record<string, string>> | undefined,
  changes: TextChanges | undefined,
  what: string,
): Readonly<Record<string, string>> | undefined {
  const { set = {}, unset = [], clear = false } = changes ?? {};
  const names = [...Object.keys(set), ...unset];
  if (names.length === 0 && !clear) return undefined;
  if (names.includes("")) throw new DrayageError("ERR_DRAYAGE_USAGE", `${what} needs a name`);
  const after = new Map(Object.entries(clear ? {} : (before ?? {})));
  for (const name of unset) after.delete(name);
  for (const [name, value] of Object.entries(set)) after.set(name, value);
  return Object.fromEntries(after);
}
