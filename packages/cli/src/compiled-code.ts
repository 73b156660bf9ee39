import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Script } from "node:vm";

/** What modules of CommonJS are compiled by. */
interface Loader {
  compile(this: NodeJS.Module, source: string, file: string): unknown;
}

/** Of node:module, for those who hook into how modules are compiled. */
interface ModuleInternals {
  readonly prototype: { _compile: Loader["compile"] };
  readonly wrapper: readonly [before: string, after: string];
  wrap(source: string): string;
}

/**
 * For a Node without a compile cache of its own: keeps the compiled code of the modules in `program`, a folder, in `folder`, which must
 * be nobody else's. What is there was made by this very V8, of the same source, and is whole; all else counts for nothing, and is
 * made anew when the process ends, when the functions that are used have been compiled.
 */
export function keepCode(folder: string, program: string): void {
  const { prototype, wrap, wrapper } = process.getBuiltinModule("node:module") as unknown as ModuleInternals;
  const { Script } = process.getBuiltinModule("node:vm");
  const compileAnew = prototype._compile;
  const made = new Map<string, Script>();

  prototype._compile = function compile(source, file) {
    // Of modules that are made of kept code, Node 20 does not know what they may import.
    if (dirname(file) !== program || source.includes("import(")) return compileAnew.call(this, source, file);
    const place = join(folder, `${basename(file)}-${identity(source)}`);
    const cachedData = readCode(place);
    const script = new Script(wrap(source), {
      filename: file,
      columnOffset: -wrapper[0].length,
      cachedData,
    });
    if (cachedData === undefined || script.cachedDataRejected === true) made.set(place, script);
    const run = script.runInThisContext() as (...variables: readonly unknown[]) => unknown;
    return run.call(this.exports, this.exports, this.require.bind(this), this, file, program);
  };
  process.once("exit", () => {
    for (const [place, script] of made) writeCode(place, script.createCachedData());
  });
}

/** V8 would take what was made of another source of the same length. */
function identity(source: string): string {
  const { cachedDataVersionTag } = process.getBuiltinModule("node:v8");
  return `${cachedDataVersionTag().toString(16)}-${hash(source).toString("hex", 0, 16)}`;
}

/** V8 does not notice damage: what it is given was hashed. */
function readCode(place: string): Buffer | undefined {
  try {
    const bytes = readFileSync(place);
    const code = bytes.subarray(hashSize);
    return hash(code).equals(bytes.subarray(0, hashSize)) ? code : undefined;
  } catch {
    // It is not there, or not to be read: the source is compiled.
    return undefined;
  }
}

function writeCode(place: string, code: Buffer): void {
  const beside = `${place}.${process.pid}`;
  try {
    writeFileSync(beside, Buffer.concat([hash(code), code]), { mode: 0o600, flag: "wx" });
    renameSync(beside, place);
  } catch {
    // No space, or no right to write: the source is compiled the next time too.
    discard(beside);
  }
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Then the next ones can be written there neither.
  }
}

const hashSize = 32;

function hash(data: string | Buffer): Buffer {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(data).digest();
}
