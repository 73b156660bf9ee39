import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

// Compiles the kernels of packages/kernels/assembly to WebAssembly, and keeps each as base64 in a module of
// packages/kernels/src/generated, so that it travels wherever JavaScript does. What is committed is what users run:
// with --check nothing is written, and a module that is not what its sources compile to is an error.

const home = fileURLToPath(new URL("../../packages/kernels", import.meta.url));
const kernels = ["inflate", "deflate", "checksums", "sha256"];
/** No runtime, no garbage collector, no start function: a kernel is functions over its own memory. */
const options = [
  ...["--runtime", "stub", "--enable", "simd", "--use", "abort="],
  ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--converge", "--noAssert"],
];

const checkOnly = process.argv.includes("--check");
const stale = [];
for (const name of kernels) {
  const file = path.join(home, "src/generated", `${name}.ts`);
  const text = moduleText(name, await compile(name));
  if (readText(file) === text) continue;
  stale.push(`packages/kernels/src/generated/${name}.ts`);
  if (!checkOnly) writeFileSync(file, text);
}
if (checkOnly && stale.length > 0) {
  console.error(`Not what the sources compile to (npm run kernels makes them anew):\n${stale.join("\n")}`);
  process.exitCode = 1;
}

/**
 * @param {string} name
 * @returns {Promise<Uint8Array>}
 */
async function compile(name) {
  /** @type {Uint8Array | undefined} */
  let binary;
  let diagnostics = "";
  const { error } = await asc.main(
    [
      `assembly/${name}/index.ts`,
      "assembly/memory-end.ts",
      "--outFile",
      `${name}.wasm`,
      "--baseDir",
      home,
      ...options,
    ],
    {
      writeFile(file, contents) {
        if (file === `${name}.wasm`) binary = /** @type {Uint8Array} */ (contents);
      },
      stderr: {
        write(chunk) {
          diagnostics += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
        },
      },
    },
  );
  if (error !== null || binary === undefined) {
    throw new Error(`${name} does not compile:\n${diagnostics}`, { cause: error });
  }
  return binary;
}

/**
 * @param {string} name
 * @param {Uint8Array} binary
 */
function moduleText(name, binary) {
  const lines =
    Buffer.from(binary)
      .toString("base64")
      .match(/.{1,100}/g) ?? [];
  return `// Made by \`npm run kernels\` from assembly/${name}: not to be edited.
// biome-ignore format: lines of base64
export const ${name}Wasm: string = [
${lines.map((line) => `  "${line}",`).join("\n")}
].join("");
`;
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
