import { describe, expect, it, vi } from "vitest";
import { missingOwner } from "../src/index.ts";

const files = vi.hoisted(() => new Map<string, string>());
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const readFileSync = (path: string, ...rest: [never]): unknown =>
    files.get(path) ?? fs.readFileSync(path, ...rest);
  return { ...fs, default: fs, readFileSync };
});

function maps(map: string, rootless?: string): void {
  for (const kind of ["uid", "gid"]) files.set(`/proc/self/${kind}_map`, map);
  files.set("/etc/passwd", "root:x:0:0::/:/bin/sh\nalice:x:1005:1005::/home/alice:/bin/sh\n");
  vi.stubEnv("_CONTAINERS_ROOTLESS_UID", rootless);
}

describe("missingOwner", () => {
  it("says that a namespace of root alone has no other user, and who needs a line where", () => {
    maps("         0       1005          1\n", "1005");
    expect(missingOwner({ uid: 0, gid: 0 })).toBeUndefined();
    expect(missingOwner({ uid: 1000, gid: 1000 })).toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
      message: "the user namespace has only root (id 0), so there is no user 1000 in it",
      hint: "give alice a line in /etc/subuid and /etc/subgid",
    });
    expect(missingOwner({ uid: 0, gid: 7 })?.message).toMatch("there is no group 7 in it");
  });

  it("counts all ranges, and knows a namespace that is too small", () => {
    maps("0 1005 1\n1 100000 65536\n", "1005");
    expect(missingOwner({ uid: 65_536, gid: 1 })).toBeUndefined();
    expect(missingOwner({ uid: 65_537, gid: 1 })?.message).toBe(
      "the user namespace has too few ids, so there is no user 65537 in it",
    );
  });

  it("finds nothing missing where all are there", () => {
    maps("0 0 4294967295\n");
    expect(missingOwner({ uid: 4_000_000_000, gid: 5 })).toBeUndefined();
  });
});
