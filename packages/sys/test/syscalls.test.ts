import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { syscallNumbers } from "../src/syscalls.ts";

/** What the kernel's headers say, by architecture; arm64 has the numbers that all new ones have. */
const headers = {
  x64: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
  arm64: "/usr/include/asm-generic/unistd.h",
} as const;

describe("the numbers of system calls", () => {
  for (const [arch, file] of Object.entries(headers)) {
    const there = existsSync(file);
    it.skipIf(!there)(`of ${arch} are the kernel's${there ? "" : ` [skipped: there is no ${file}]`}`, () => {
      const text = readFileSync(file, "utf8");
      const found = Object.keys(syscallNumbers[arch] ?? {}).map((name) => {
        const number = new RegExp(`^#define __NR(?:3264)?_${name}\\s+(\\d+)$`, "m").exec(text)?.[1];
        return [name, Number(number)];
      });
      expect(found.length).toBeGreaterThan(30);
      expect(Object.fromEntries(found)).toEqual(syscallNumbers[arch]);
    });
  }
});
