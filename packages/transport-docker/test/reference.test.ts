import { describe, expect, it } from "vitest";
import { imageReference, parseDockerImage, readReference } from "../src/reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

describe("a reference", () => {
  it.each([
    ["//busybox", "//busybox:latest", "docker.io/library/busybox", "latest", undefined],
    ["//busybox:1", "//busybox:1", "docker.io/library/busybox", "1", undefined],
    ["//me/app", "//me/app:latest", "docker.io/me/app", "latest", undefined],
    ["//index.docker.io/me/app", "//me/app:latest", "docker.io/me/app", "latest", undefined],
    ["//127.0.0.1:5000/a/b:c", "//127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b", "c", undefined],
    [`//quay.io/a/b@${digest}`, `//quay.io/a/b@${digest}`, "quay.io/a/b", undefined, digest],
    [`//quay.io/a/b:1@${digest}`, `//quay.io/a/b:1@${digest}`, "quay.io/a/b", "1", digest],
  ])("%s is %s", (text, canonical, name, tag, wanted) => {
    const reference = parseDockerImage(text);
    expect(reference.text).toBe(canonical);
    expect(reference.dockerReference).toMatchObject({ name });
    expect(reference.dockerReference.tag).toBe(tag);
    expect(reference.dockerReference.digest).toBe(wanted);
    expect(reference.withoutTag).toBeUndefined();
    expect(parseDockerImage(reference.text)).toEqual(reference);
  });

  it("may stand for an image that is pushed under no tag", () => {
    const reference = parseDockerImage("//quay.io/a/b@@unknown-digest@@");
    expect(reference).toMatchObject({ text: "//quay.io/a/b@@unknown-digest@@", withoutTag: true });
    expect(reference.dockerReference.tag).toBeUndefined();
    expect(parseDockerImage(reference.text)).toEqual(reference);
    expect(imageReference(reference.dockerReference)).toEqual(reference);
  });

  it.each([
    ["busybox", /does not start with docker:\/\//, "write docker://busybox"],
    ["/busybox", /does not start with docker:\/\//, "write docker://busybox"],
    ["", /does not start with docker:\/\//, "write docker://NAME[:TAG]"],
    ["//", /a name is missing/, undefined],
    ["//quay.io/Upper/case", /upper-case letters/, "lower case"],
    ["//busybox:", /nothing follows the last colon/, "a tag"],
    ["//busybox@sha256:abc", /sha256:abc/, undefined],
    ["//busybox:1@@unknown-digest@@", /has a tag or a digest, and asks for none/, "leave out"],
    [`//busybox@${digest}@@unknown-digest@@`, /has a tag or a digest, and asks for none/, "leave out"],
    ["//@@unknown-digest@@", /a name is missing/, undefined],
    [`///etc/passwd`, /not an image reference/, undefined],
    [`//${"a".repeat(64)}`, /an image ID/, undefined],
    ["//a b", /spaces/, undefined],
  ])("%j is refused with what to do", (text, message, hint) => {
    const refused = () => parseDockerImage(text);
    expect(refused).toThrow(message);
    expect(refused).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_REFERENCE_INVALID",
        ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
      }),
    );
  });

  it("with tag and digest is read by its digest", () => {
    expect(readReference(parseDockerImage(`//a/b:1@${digest}`))).toEqual({
      domain: "docker.io",
      path: "a/b",
      name: "docker.io/a/b",
      digest,
    });
  });

  it("without tag and digest cannot be read", () => {
    const refused = () => readReference(parseDockerImage("//a/b@@unknown-digest@@"));
    expect(refused).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }));
  });
});
