import { DrayageError } from "@drayage/errors";
import type { Algorithm, DeflateAlgorithm } from "./algorithm.ts";
import { bzip2Inflate } from "./bzip2/engine.ts";
import type { DeflateEngine, InflateEngine } from "./engine.ts";
import { kernelsDeflate } from "./gzip/kernels-deflate.ts";
import { kernelsInflate } from "./gzip/kernels-inflate.ts";
import { nodeDeflate, nodeInflate } from "./gzip/node.ts";
import { pakoDeflate, pakoInflate } from "./gzip/pako.ts";
import { zlibSyncInflate } from "./gzip/zlib-sync.ts";
import { xzInflate } from "./xz/engine.ts";
import { fzstdInflate } from "./zstd/fzstd.ts";
import { napiDeflate, napiInflate } from "./zstd/napi.ts";
import { nodeZstdDeflate, nodeZstdInflate } from "./zstd/node.ts";
import { wasmDeflate } from "./zstd/wasm.ts";

/** Every engine there is. Of those that are available the first of its kind is chosen. */
const inflateEngines: readonly InflateEngine[] = [
  kernelsInflate,
  nodeInflate,
  zlibSyncInflate,
  pakoInflate,
  nodeZstdInflate,
  napiInflate,
  fzstdInflate,
  bzip2Inflate,
  xzInflate,
];

const deflateEngines: readonly DeflateEngine[] = [
  kernelsDeflate,
  nodeDeflate,
  pakoDeflate,
  nodeZstdDeflate,
  napiDeflate,
  wasmDeflate,
];

/** One way to do one thing. */
export interface EngineRow {
  readonly algorithm: Algorithm;
  readonly direction: "inflate" | "deflate";
  readonly engine: string;
  /** Whether this row is about `createSyncInflater`; otherwise about `inflate` or `deflate`. */
  readonly synchronous: boolean;
  /** Whether this machine has it. */
  readonly available: boolean;
  /** Whether it is used where no engine is asked for. */
  readonly chosen: boolean;
  /** Why it is not available. */
  readonly reason?: string;
}

/**
 * The table of engines, as it is on this machine now. The environment variable `DRAYAGE_ENGINE` puts
 * engines first: names with commas between them, such as `pako,fzstd`.
 */
export function engines(): readonly EngineRow[] {
  const rows: EngineRow[] = [];
  for (const synchronous of [false, true]) {
    for (const engine of inflateEngines.filter(synchronous ? isSynchronous : isStreaming)) {
      const choices = inflateChoices(engine.algorithm, synchronous);
      rows.push(rowOf(engine, { direction: "inflate", synchronous, chosen: firstAvailable(choices) }));
    }
  }
  for (const engine of deflateEngines) {
    const chosen = firstAvailable(deflateChoices(engine.algorithm));
    rows.push(rowOf(engine, { direction: "deflate", synchronous: false, chosen }));
  }
  return rows;
}

/** The engine for `inflate`. Throws ERR_DRAYAGE_COMPRESSION_UNSUPPORTED. */
export function chooseInflate(algorithm: Algorithm, name: string | undefined): InflateEngine {
  const candidates = inflateChoices(algorithm, false);
  const task = `inflate ${algorithm}`;
  return choose(candidates, { name, task }) ?? fail(candidates, task);
}

/** The engine for `createSyncInflater`, or undefined where none is available. */
export function chooseSync(algorithm: Algorithm, name: string | undefined): InflateEngine | undefined {
  return choose(inflateChoices(algorithm, true), { name, task: `inflate ${algorithm} synchronously` });
}

/** The engine for `deflate`. Throws ERR_DRAYAGE_COMPRESSION_UNSUPPORTED. */
export function chooseDeflate(algorithm: DeflateAlgorithm, name: string | undefined): DeflateEngine {
  const candidates = deflateChoices(algorithm);
  const task = `deflate ${algorithm}`;
  return choose(candidates, { name, task }) ?? fail(candidates, task);
}

type AnyEngine = InflateEngine | DeflateEngine;

function rowOf(
  engine: AnyEngine,
  kind: { direction: "inflate" | "deflate"; synchronous: boolean; chosen: AnyEngine | undefined },
): EngineRow {
  const { algorithm, name } = engine;
  const { direction, synchronous } = kind;
  const reason = engine.unavailable();
  const available = reason === undefined;
  const chosen = engine === kind.chosen;
  const row = { algorithm, direction, engine: name, synchronous, available, chosen };
  return reason === undefined ? row : { ...row, reason };
}

/** Whether it serves `inflate`: one without promises does too. */
function isStreaming(): boolean {
  return true;
}

function isSynchronous(engine: InflateEngine): boolean {
  return engine.createSync !== undefined;
}

function inflateChoices(algorithm: Algorithm, synchronous: boolean): readonly InflateEngine[] {
  const able = inflateEngines.filter(synchronous ? isSynchronous : isStreaming);
  return preferred(able.filter((engine) => engine.algorithm === algorithm));
}

function deflateChoices(algorithm: DeflateAlgorithm): readonly DeflateEngine[] {
  return preferred(deflateEngines.filter((engine) => engine.algorithm === algorithm));
}

/** The engines that DRAYAGE_ENGINE names before the others. */
function preferred<E extends AnyEngine>(candidates: readonly E[]): readonly E[] {
  const names = (globalThis.process?.env.DRAYAGE_ENGINE ?? "").split(",").map((name) => name.trim());
  const known = namesOf([...inflateEngines, ...deflateEngines]);
  for (const name of names) {
    if (name === "" || known.includes(name)) continue;
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `DRAYAGE_ENGINE names no engine that there is: ${JSON.stringify(name)}`,
      { hint: `engines are ${known.join(", ")}` },
    );
  }
  const first = names.flatMap((name) => candidates.filter((engine) => engine.name === name));
  return [...new Set([...first, ...candidates])];
}

function namesOf(candidates: readonly AnyEngine[]): readonly string[] {
  return [...new Set(candidates.map((engine) => engine.name))];
}

function firstAvailable<E extends AnyEngine>(candidates: readonly E[]): E | undefined {
  return candidates.find((engine) => engine.unavailable() === undefined);
}

function choose<E extends AnyEngine>(
  candidates: readonly E[],
  { name, task }: { name: string | undefined; task: string },
): E | undefined {
  if (name === undefined) return firstAvailable(candidates);
  const engine = candidates.find((candidate) => candidate.name === name);
  if (engine === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `no engine ${JSON.stringify(name)} can ${task}`, {
      hint: `engines for it are ${namesOf(candidates).join(", ")}`,
    });
  }
  const reason = engine.unavailable();
  if (reason === undefined) return engine;
  throw new DrayageError(
    "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
    `the engine ${name} cannot be used: ${reason}`,
  );
}

function fail(candidates: readonly AnyEngine[], task: string): never {
  const reasons = candidates.map((engine) => `${engine.name}: ${engine.unavailable()}`).join("; ");
  throw new DrayageError("ERR_DRAYAGE_COMPRESSION_UNSUPPORTED", `no engine can ${task} (${reasons})`);
}
