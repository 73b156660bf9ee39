import { expect, it } from "vitest";
import { dockerDaemon } from "../src/index.ts";

const { parse, policyScopes } = dockerDaemon();
const id = `sha256:${"ab".repeat(32)}`;
const sha512 = `sha512:${"ab".repeat(64)}`;

it.each([
  ["busybox:1", "busybox:1", "docker.io/library/busybox:1"],
  ["docker.io/library/busybox:1", "busybox:1", "docker.io/library/busybox:1"],
  ["localhost:5000/a/b:tag", "localhost:5000/a/b:tag", "localhost:5000/a/b:tag"],
  [`busybox@${id}`, `busybox@${id}`, `docker.io/library/busybox@${id}`],
  [`busybox@${sha512}`, `busybox@${sha512}`, `docker.io/library/busybox@${sha512}`],
  ["sha512:abc", "sha512:abc", "docker.io/library/sha512:abc"],
  ["sha256x:abc", "sha256x:abc", "docker.io/library/sha256x:abc"],
])("%s is the name %s", async (text, familiar, full) => {
  const reference = parse(text);
  expect(reference.text).toBe(familiar);
  expect(reference.imageId).toBeUndefined();
  expect((await policyScopes(reference))[0]).toBe(full);
});

it("an image ID has no scopes", () => {
  expect(parse(id)).toEqual({ text: id, imageId: id });
  expect(policyScopes(parse(id))).toEqual([]);
});

it("a name has the scopes of its repository", () => {
  expect(policyScopes(parse("quay.io/a/b:1"))).toEqual([
    "quay.io/a/b:1",
    "quay.io/a/b",
    "quay.io/a",
    "quay.io",
    "*.io",
  ]);
});

it.each([
  ["busybox", "it has neither a tag nor a digest", "write busybox:TAG"],
  [`busybox:1@${id}`, "it has both a tag and a digest", "leave out one of them"],
  [sha512, "image IDs are of sha256", "write sha256:IMAGEID, or NAME:TAG"],
  ["sha256:abc", "no image can be called sha256", "an image ID has 64 hex digits after sha256:"],
])("%s is refused: %s", (text, reason, hint) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({
      code: "ERR_DRAYAGE_REFERENCE_INVALID",
      message: `${JSON.stringify(text)} is not a reference to an image of a docker daemon: ${reason}`,
      hint,
    }),
  );
});

it.each(["", ":1", "BUSYBOX:1", "busybox:", "ab".repeat(32), "a b:1"])("%j is refused", (text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }));
});
