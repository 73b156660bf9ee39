import { expect, it } from "vitest";
import { resolveOwner } from "../src/index.ts";

const files: Readonly<Record<string, string>> = {
  "/etc/passwd":
    "short:x:9\nroot:x:0:0:root:/root:/bin/sh\napp:x:12:34::/:/\napp:x:99:99::/:/\nodd:x:a:1::/:/\nlast:x:7:8::/:/",
  "/etc/group": "root:x:0:\r\nstaff:x:50:app\nstaff:x:51:\nbad:x:1\n",
};
const readFile = (path: string): Uint8Array | undefined =>
  files[path] === undefined ? undefined : new TextEncoder().encode(files[path]);

it.each([
  ["0", 0, 0],
  ["12", 12, 12],
  ["12:", 12, 12],
  ["12:34", 12, 34],
  [":34", 0, 34],
  ["app", 12, 34],
  ["app:", 12, 34],
  ["app:staff", 12, 50],
  ["app:7", 12, 7],
  ["77:staff", 77, 50],
  [":staff", 0, 50],
  ["last", 7, 8],
  ["4294967294", 4294967294, 4294967294],
] as const)("%j is %d:%d", async (owner, uid, gid) => {
  await expect(resolveOwner(readFile, owner)).resolves.toEqual({ uid, gid });
});

it.each([
  ["nobody", 'no user "nobody" in its /etc/passwd'],
  ["app:nobody", 'no group "nobody" in its /etc/group'],
  ["short", 'no user "short"'],
  ["odd", 'no user "odd"'],
  ["0:bad", 'no group "bad"'],
  ["4294967295", 'no user "4294967295"'],
  ["-1", 'no user "-1"'],
  ["1:2:3", 'no group "2:3"'],
])("%j is refused, with a hint", async (owner, message) => {
  await expect(resolveOwner(readFile, owner)).rejects.toMatchObject({
    code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    message: expect.stringContaining(message),
    hint: expect.stringContaining("give its number"),
  });
});

it.each(["", ":"])("%j names nobody", async (owner) => {
  await expect(resolveOwner(readFile, owner)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
});
