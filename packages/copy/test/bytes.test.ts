import { expect, it } from "vitest";
import { formatBytes } from "../src/index.ts";

it("counts of bytes are written for people, and never as 1024 of a unit", () => {
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(1023)).toBe("1023 B");
  expect(formatBytes(1024)).toBe("1.0 KiB");
  expect(formatBytes(1024 * 1024 - 1)).toBe("1.0 MiB");
  expect(formatBytes(380 * 1024 * 1024)).toBe("380.0 MiB");
  expect(formatBytes(2048 * 1024 ** 4)).toBe("2048.0 TiB");
});
