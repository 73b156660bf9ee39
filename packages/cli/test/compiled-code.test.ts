import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { testFolder } from "./run-dray.ts";

const folder = testFolder();
const here = dirname(fileURLToPath(import.meta.url));
let count = 0;

interface Program {
  readonly modules: string;
  readonly kept: string;
  /** Loads `main.cjs` in a process of its own, and returns what that exports. */
  run(): Promise<unknown>;
}

function program(files: Readonly<Record<string, string>>): Program {
  const root = join(folder, `program${count++}`);
  const [modules, kept] = [join(root, "modules"), join(root, "kept")];
  for (const made of [modules, kept]) mkdirSync(made, { recursive: true });
  for (const [name, source] of Object.entries(files)) writeFileSync(join(modules, name), source);
  const runner = `
    import { createRequire } from "node:module";
    import { keepCode } from ${JSON.stringify(join(here, "../src/compiled-code.ts"))};
    keepCode(${JSON.stringify(kept)}, ${JSON.stringify(modules)});
    const made = await createRequire(import.meta.url)(${JSON.stringify(join(modules, "main.cjs"))});
    console.log(JSON.stringify(made));
  `;
  return {
    modules,
    kept,
    async run() {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "--eval", runner],
        { cwd: here, env: { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: "" } },
      );
      expect(stderr).toBe("");
      return JSON.parse(stdout) as unknown;
    },
  };
}

/** The one file that is kept. */
function onlyKept({ kept }: Program): string {
  const names = readdirSync(kept);
  expect(names).toHaveLength(1);
  return join(kept, names[0] ?? "");
}

describe("compiled code that is kept", () => {
  it("is used the next time, and only for the source that it was made of", async () => {
    const one = program({ "main.cjs": "module.exports = 'one';" });
    const two = program({ "main.cjs": "module.exports = 'two';" });
    expect([await one.run(), await two.run()]).toEqual(["one", "two"]);
    expect(statSync(onlyKept(one)).mode & 0o777).toBe(0o600);
    const { mtimeNs } = statSync(onlyKept(one), { bigint: true });
    expect(await one.run()).toBe("one");
    expect(statSync(onlyKept(one), { bigint: true }).mtimeNs).toBe(mtimeNs);
    // With the code of another source in its place, that is what runs.
    writeFileSync(onlyKept(one), readFileSync(onlyKept(two)));
    expect(await one.run()).toBe("two");
    writeFileSync(join(one.modules, "main.cjs"), "module.exports = 'new';");
    expect(await one.run()).toBe("new");
    expect(readdirSync(one.kept)).toHaveLength(2);
  });

  it("is made anew where it is damaged, cut off, or of another V8", async () => {
    const damaged = program({ "main.cjs": "module.exports = 'right';" });
    expect(await damaged.run()).toBe("right");
    const file = onlyKept(damaged);
    const whole = readFileSync(file);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(whole.length - 20) ^ 0xff, whole.length - 20);
    for (const bytes of [flipped, whole.subarray(0, 100), whole.subarray(0, 5), Buffer.alloc(0)]) {
      writeFileSync(file, bytes);
      expect(await damaged.run()).toBe("right");
      expect(onlyKept(damaged)).toBe(file);
      expect(statSync(file).size).toBe(whole.length);
    }
  });

  it("changes nothing about modules: what they require and import, their variables, and the places in their errors", async () => {
    const files = {
      "main.cjs": `exports.at = [__filename, __dirname, this === exports, module.id];
        exports.part = require("./part.cjs");
        module.exports = require("./later.cjs").then(({ part }) => ({ ...exports, imported: part, outside: require("../outside.cjs") }));`,
      "part.cjs":
        "exports.thrown = thrown(); function thrown() { return new Error('here').stack.split('\\n')[1]; }",
      // Kept code cannot import.
      "later.cjs": "module.exports = import('./part.mjs');",
      "part.mjs": "export const part = 'imported';",
    };
    const all = program(files);
    writeFileSync(join(all.modules, "../outside.cjs"), "module.exports = 'outside';");
    const main = join(all.modules, "main.cjs");
    const column = files["part.cjs"].indexOf("new Error") + 1;
    const expected = {
      at: [main, all.modules, true, main],
      part: { thrown: `    at thrown (${join(all.modules, "part.cjs")}:1:${column})` },
      imported: "imported",
      outside: "outside",
    };
    for (let time = 0; time < 2; time += 1) expect(await all.run()).toEqual(expected);
    expect(readdirSync(all.kept).map((name) => name.replace(/-.*/, ""))).toEqual(["main.cjs", "part.cjs"]);
  });

  it("is missed by nobody where it can be neither read nor written", async () => {
    const lost = program({ "main.cjs": "module.exports = 'right';" });
    chmodSync(lost.kept, 0o500);
    expect(await lost.run()).toBe("right");
    rmSync(lost.kept, { recursive: true });
    expect(await lost.run()).toBe("right");
    writeFileSync(lost.kept, "");
    expect(await lost.run()).toBe("right");
  });
});
