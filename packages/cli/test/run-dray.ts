import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { encodeTarHeader, tarEnd, tarPadding } from "@drayage/tar";
import { afterAll } from "vitest";
import { main } from "../src/main.ts";
import type { Input } from "../src/prompt.ts";

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it was written. */
  readonly bytes: Uint8Array;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly calledAs?: string;
  /** Standard input; empty where absent. */
  readonly stdin?: Input;
}

/** Runs the command inside this process, with no configuration but what `env` names. */
export async function dray(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const into = (chunks: Uint8Array[]) => (text: string | Uint8Array) => {
    chunks.push(typeof text === "string" ? new TextEncoder().encode(text) : text.slice());
  };
  const status = await main({
    argv,
    calledAs: options.calledAs ?? "/usr/bin/dray",
    stdout: { write: into(out) },
    stderr: { write: into(err) },
    env: { DRAYAGE_CONFIG: "/nonexistent/config.json", ...options.env },
    signal: options.signal ?? new AbortController().signal,
    stdin: () => options.stdin ?? Readable.from([]),
  });
  const bytes = Buffer.concat(out);
  return { status, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes };
}

/** A folder of this test file's own, removed at its end. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A tar file with one small file in it. */
export function writeTarFile(path: string, name: string, content: string): void {
  const body = new TextEncoder().encode(content);
  const header = encodeTarHeader({
    name,
    type: "file",
    size: body.length,
    mode: 0o644,
    mtime: { seconds: 1, nanoseconds: 0 },
  });
  writeFileSync(path, Buffer.concat([header, body, tarPadding(body.length), tarEnd()]));
}
