import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { endedBy, openByteReader, openByteWriter } from "../src/index.ts";
import { sampleBytes } from "./support/bytes.ts";
import { errorOf } from "./support/errors.ts";
import { useFolder } from "./support/folder.ts";

const folder = useFolder();
let bundles: string;
/** This package in one file, for processes of their own. */
let bundled: string;
beforeAll(async () => {
  bundles = mkdtempSync(join(tmpdir(), "drayage-"));
  bundled = await bundleForNode(join(import.meta.dirname, "..", "src", "index.ts"), bundles);
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));
const bytes = sampleBytes(3_000_000);

function newPipe(): string {
  const path = folder.join("pipe");
  execFileSync("mkfifo", [path]);
  return path;
}

async function allOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const taken: Uint8Array[] = [];
  for await (const chunk of chunks) taken.push(chunk);
  return Buffer.concat(taken);
}

describe.runIf(process.platform === "linux")("a named pipe", () => {
  it("is read once somebody writes to it", async () => {
    const pipe = newPipe();
    writeFileSync(folder.join("file"), bytes);
    const reading = openByteReader(pipe).then(allOf);
    await delay(30);
    spawn("cp", [folder.join("file"), pipe], { stdio: "ignore" });
    expect(Buffer.compare(await reading, bytes)).toBe(0);
    expect(folder.openFiles()).toEqual([]);
  });

  it("is written to once somebody reads it", async () => {
    const pipe = newPipe();
    const opening = openByteWriter(pipe);
    await delay(30);
    const reader = spawn("cp", [pipe, folder.join("file")], { stdio: "ignore" });
    const writer = await opening;
    await writer.write(bytes);
    await writer.write(bytes);
    await writer.close();
    await writer.close();
    await once(reader, "exit");
    expect(Buffer.compare(readFileSync(folder.join("file")), Buffer.concat([bytes, bytes]))).toBe(0);
    expect(folder.openFiles()).toEqual([]);
  });

  it("whose reader goes away refuses what comes", async () => {
    const pipe = newPipe();
    const reader = spawn("head", ["-c", "1", pipe], { stdio: "ignore" });
    const writer = await openByteWriter(pipe);
    const error = await errorOf(writer.write(bytes).then(() => writer.write(bytes)));
    expect(error.message).toBe(`cannot write ${JSON.stringify(pipe)}: the reader closed the pipe (EPIPE)`);
    await writer.close();
    reader.kill();
    expect(folder.openFiles()).toEqual([]);
  });

  it.each([
    ["reads", "openByteReader(path, { signal }).then(async (chunks) => { for await (const _ of chunks); })"],
    ["writes to", "openByteWriter(path, { signal }).then((writer) => writer.write(new Uint8Array(1e6)))"],
    ["reads an archive from", "inflatedFile(path, { signal })"],
  ])("does not keep a process alive that %s it and is interrupted", async (_, call) => {
    const pipe = newPipe();
    expect(await endOf(call, pipe)).toBe("ERR_DRAYAGE_ABORTED 0");
  });

  it("that is full does not keep a process alive that writes to it", async () => {
    const pipe = newPipe();
    const idle = spawn("sh", ["-c", 'exec sleep 60 < "$0"', pipe], { stdio: "ignore" });
    const call = "openByteWriter(path, { signal }).then((writer) => writer.write(new Uint8Array(1e6)))";
    expect(await endOf(call, pipe)).toBe("ERR_DRAYAGE_ABORTED 0");
    idle.kill();
  });

  it("that says nothing does not keep a process alive that reads it", async () => {
    const pipe = newPipe();
    const idle = spawn("sh", ["-c", 'exec sleep 60 > "$0"', pipe], { stdio: "ignore" });
    expect(await endOf("inflatedFile(path, { signal })", pipe)).toBe("ERR_DRAYAGE_ABORTED 0");
    idle.kill();
  });

  /** What a process that makes a call on a pipe, and aborts it, says, and its exit code. */
  async function endOf(call: string, pipe: string): Promise<string> {
    const source = `
      import { inflatedFile, openByteReader, openByteWriter } from ${JSON.stringify(bundled)};
      const [path, aborts] = [process.argv[1], new AbortController()];
      const { signal } = aborts;
      setTimeout(() => aborts.abort(), 200);
      await ${call}.catch((error) => process.stdout.write(error.code));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, pipe], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = allOf(child.stdout);
    const [code] = (await once(child, "exit")) as [number | null];
    return `${Buffer.from(await said).toString()} ${code}`;
  }
});

describe.runIf(process.platform === "linux")("the standard streams of a process", () => {
  it.each(["pipe", "overlapped"] as const)("are read and written, whatever they are (%s)", async (kind) => {
    const source = `
      import { endedBy, openByteReader, openByteWriter } from ${JSON.stringify(bundled)};
      const writer = await openByteWriter("/dev/stdout");
      for await (const chunk of await openByteReader("/dev/stdin")) await writer.write(chunk);
      await writer.close();`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: [kind, kind, "inherit"],
    });
    const output = allOf(child.stdout);
    child.stdin.end(bytes);
    expect(Buffer.compare(await output, bytes)).toBe(0);
  });

  it("that are pipes of a shell are too", async () => {
    const source = `
      import { endedBy, openByteReader, openByteWriter } from ${JSON.stringify(bundled)};
      const writer = await openByteWriter("/dev/stdout");
      for await (const chunk of await openByteReader("/dev/fd/0")) await writer.write(chunk);`;
    writeFileSync(folder.join("script.mjs"), source);
    const script = folder.join("script.mjs");
    writeFileSync(folder.join("file"), bytes);
    const command = 'cat "$2" | "$0" "$1" | cat > "$3"';
    execFileSync("sh", ["-c", command, process.execPath, script, folder.join("file"), folder.join("copy")]);
    expect(Buffer.compare(readFileSync(folder.join("copy")), bytes)).toBe(0);
  });
});

it("a stream that is stuck in a read is ended by its signal, also before anybody reads it", async () => {
  for (const isRead of [true, false]) {
    const [stream, aborts] = [new PassThrough(), new AbortController()];
    const reading = isRead ? errorOf(allOf(endedBy(stream, aborts.signal))) : undefined;
    if (!isRead) endedBy(stream, aborts.signal);
    aborts.abort();
    expect((await reading)?.code).toBe(isRead ? "ERR_DRAYAGE_ABORTED" : undefined);
    await delay(0);
    expect(stream.destroyed).toBe(true);
  }
});
