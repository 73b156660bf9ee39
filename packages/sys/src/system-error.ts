import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** An error as Node's fs would throw it. */
export interface SystemError extends Error {
  /** `EEXIST` */
  readonly code: string;
  /** Negative. */
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
  readonly dest?: string;
}

interface Where {
  readonly path?: string | Uint8Array | undefined;
  readonly dest?: string | Uint8Array | undefined;
  /** What the kernel told beside the number. */
  readonly detail?: string | undefined;
}

/** @param errno as system calls give it: negative */
export function systemError(errno: number, syscall: string, where: Where = {}): SystemError {
  const [code, text] = nameOf(errno);
  const path = textOf(where.path);
  const dest = textOf(where.dest);
  const at = path === undefined ? "" : ` '${path}'`;
  const to = dest === undefined ? "" : ` -> '${dest}'`;
  const detail = where.detail ? ` (${where.detail})` : "";
  const error = Object.assign(new Error(`${code}: ${text}, ${syscall}${at}${to}${detail}`), {
    code,
    errno,
    syscall,
  });
  if (path !== undefined) Object.assign(error, { path });
  if (dest !== undefined) Object.assign(error, { dest });
  return error;
}

/** The number of an error by its name, as system calls give it: negative. */
export function errnoNumber(code: keyof typeof constants.errno): number {
  return -constants.errno[code];
}

let names: ReadonlyMap<number, readonly [code: string, text: string]> | undefined;

function nameOf(errno: number): readonly [code: string, text: string] {
  // Node makes a new map for each call.
  names ??= getSystemErrorMap();
  const known = names.get(errno);
  if (known !== undefined) return known;
  // libuv, whose table that is, does not know all.
  const name = Object.entries(constants.errno).find(([, value]) => value === -errno)?.[0];
  return [name ?? `E${-errno}`, `system error ${-errno}`];
}

function textOf(name: string | Uint8Array | undefined): string | undefined {
  return typeof name === "object" ? new TextDecoder().decode(name) : name;
}
