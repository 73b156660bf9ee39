import { expect, it } from "vitest";
import { parseDockerImage } from "../src/reference.ts";
import { additionalTagsOf } from "../src/tags.ts";

const { dockerReference } = parseDockerImage("//quay.io/a/b:v1");

it("further tags are written alone or with the image's own name, and none twice", () => {
  const texts = ["v2", "quay.io/a/b:v3", "docker://quay.io/a/b:v4", "v2", "v1"];
  expect(additionalTagsOf(texts, dockerReference)).toEqual(["v2", "v3", "v4"]);
});

it("a further tag of docker's own registry may be written in its short form", () => {
  expect(additionalTagsOf(["busybox:1"], parseDockerImage("//busybox").dockerReference)).toEqual(["1"]);
});

it.each([
  ["quay.io/other/b:v2", /another repository than quay\.io\/a\/b/],
  ["b:v2", /another repository/],
  ["quay.io/a/b", /is no tag/],
  [`quay.io/a/b@sha256:${"ab".repeat(32)}`, /is no tag/],
  ["-v2", /is not a tag/],
  ["", /is not a tag/],
  ["quay.io/A/b:v2", /upper-case/],
])("%j is no further tag of the image", (text, message) => {
  const refused = () => additionalTagsOf([text], dockerReference);
  expect(refused).toThrow(message);
  expect(refused).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }));
});
