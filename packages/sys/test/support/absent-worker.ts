import { acquireFileLock, loadSys, requireSys, sysUnavailable } from "../../src/index.ts";

// Run from a folder where koffi is not to be found.
const [path = ""] = process.argv.slice(2);
const told = (error: unknown): unknown => {
  const { code, message, hint } = error as { code?: string; message: string; hint?: string };
  return { code, message, hint };
};
const attempt = async (action: () => unknown): Promise<unknown> => {
  try {
    return await action();
  } catch (error) {
    return told(error);
  }
};
const reading = await acquireFileLock(path, "read", { unlockedReads: true });
reading.release();
console.log(
  JSON.stringify({
    loaded: loadSys() !== undefined,
    why: sysUnavailable(),
    required: await attempt(() => requireSys("mount a layer")),
    write: await attempt(() => acquireFileLock(path, "write", { unlockedReads: true })),
    read: await attempt(() => acquireFileLock(path, "read")),
    reading: { held: reading.held, kind: reading.kind },
  }),
);
