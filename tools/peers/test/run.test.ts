import { expect, it } from "vitest";
import { run } from "../src/index.ts";

const node = process.execPath;

it("output and input pass byte for byte", async () => {
  const input = Uint8Array.of(0, 255, 10, 13, 128);
  const result = await run(node, ["-e", "process.stdin.pipe(process.stdout)"], { input });
  expect([...result.bytes]).toEqual([...input]);
  expect(result.code).toBe(0);
});

it("a failure tells the command, its code and what it said", async () => {
  const script = "console.log('half'); console.error('no such image'); process.exit(3)";
  await expect(run(node, ["-e", script])).rejects.toThrow(
    /-e '.*'\nended with exit code 3\nstandard error:\nno such image\nstandard output:\nhalf$/s,
  );
});

it("a failure that is expected is a result", async () => {
  const result = await run(node, ["-e", "process.exit(4)"], { mayFail: true });
  expect(result.code).toBe(4);
});

it("a binary that is absent is named", async () => {
  await expect(run("/nowhere/skopeo")).rejects.toThrow("cannot run /nowhere/skopeo");
});

it("the environment can be added to and taken from", async () => {
  const env = { DRAYAGE_ADDED: "1", HOME: undefined };
  const result = await run(node, ["-p", "[process.env.DRAYAGE_ADDED, process.env.HOME].join()"], { env });
  expect(result.stdout).toBe("1,\n");
});
