import { DrayageError } from "@drayage/errors";

/** A path, and what stands after its colon: undefined where there is no colon, empty where nothing follows it. */
export interface SplitPath {
  readonly path: string;
  readonly rest: string | undefined;
}

export interface SplitPathOptions {
  /** Whether `C:\` and `C:/` start a path. As on this system where absent. */
  readonly windows?: boolean | undefined;
}

/**
 * Cuts `PATH[:REST]` at the first colon that is not escaped. In the path `\:` is a colon and `\\` a backslash; a
 * backslash before anything else is one itself. The rest is taken as it is.
 */
export function splitPath(text: string, options: SplitPathOptions = {}): SplitPath {
  let path = "";
  let position = hasDrive(text, options) ? 2 : 0;
  path += text.slice(0, position);
  for (; position < text.length; position++) {
    const character = text[position];
    if (character === ":") return { path, rest: text.slice(position + 1) };
    const next = text[position + 1];
    if (character === "\\" && (next === ":" || next === "\\")) {
      path += next;
      position++;
    } else {
      path += character;
    }
  }
  return { path, rest: undefined };
}

/** How many colons of one reference are looked at: paths seldom have more. */
const mostReadings = 16;

/**
 * What a `PATH:REST` would mean if colons of the rest belonged to the path, the longest path first: for a hint where the
 * path is not there, but one of these is, since somebody forgot the `\:`.
 */
export function otherReadings({ path, rest }: SplitPath): readonly SplitPath[] {
  if (rest === undefined || rest === "") return [];
  const readings: SplitPath[] = [];
  for (let end = rest.indexOf(":"); end !== -1; end = rest.indexOf(":", end + 1)) {
    if (readings.length === mostReadings) break;
    readings.push({ path: `${path}:${rest.slice(0, end)}`, rest: rest.slice(end + 1) });
  }
  return [...readings, { path: `${path}:${rest}`, rest: undefined }].reverse();
}

/**
 * Writes what {@link splitPath} reads, with no more backslashes than are needed.
 *
 * @throws `ERR_DRAYAGE_REFERENCE_INVALID` on Windows for a path of one letter before a rest that would make it a drive
 */
export function joinPath(path: string, rest?: string, options: SplitPathOptions = {}): string {
  const drive = hasDrive(path, options) ? path.slice(0, 2) : "";
  const escaped = path.slice(drive.length).replace(/:|\\(?=[\\:]|$)/g, "\\$&");
  const text = rest === undefined ? drive + escaped : `${drive}${escaped}:${rest}`;
  if (drive === "" && hasDrive(text, options)) {
    throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(text)} would name a drive`, {
      hint: "write ./ before the path",
    });
  }
  return text;
}

function hasDrive(text: string, { windows = onWindows() }: SplitPathOptions): boolean {
  return windows && /^[A-Za-z]:[\\/]/.test(text);
}

function onWindows(): boolean {
  return globalThis.process?.platform === "win32";
}
