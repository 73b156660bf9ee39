import { expect, it } from "vitest";
import { redactedUrl } from "../src/index.ts";

const cases: readonly [url: string, shown: string][] = [
  ["https://host/v2/a/blobs/sha256:00", "https://host/v2/a/blobs/sha256:00"],
  ["https://user:s3cret@host:5000/v2/#s3cret", "https://host:5000/v2/"],
  [
    "https://host/a?X-Amz-Signature=s3cret&X-Amz-Credential=s3cret",
    "https://host/a?X-Amz-Signature=***&X-Amz-Credential=***",
  ],
  [
    "https://host/a?sig=s3cret&se=2024&digest=sha256:00&n=5&last=x",
    "https://host/a?sig=***&se=***&digest=sha256:00&n=5&last=x",
  ],
  ["https://host/u/1?_state=s3cret", "https://host/u/1?_state=***"],
  ["not a url with s3cret", "an invalid URL"],
  [`https://host/${"x".repeat(1000)}`, `https://host/${"x".repeat(487)}…`],
];
for (const [url, shown] of cases) {
  it(`${url.slice(0, 60)} is shown as ${shown.slice(0, 60)}`, () => {
    expect(redactedUrl(url)).toBe(shown);
  });
}
