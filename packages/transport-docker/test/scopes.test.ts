import { expect, it } from "vitest";
import { parseDockerImage } from "../src/reference.ts";
import { policyScopes } from "../src/scopes.ts";

const digest = `sha256:${"ab".repeat(32)}`;

it.each([
  [
    "//busybox",
    [
      "docker.io/library/busybox:latest",
      "docker.io/library/busybox",
      "docker.io/library",
      "docker.io",
      "*.io",
    ],
  ],
  [
    "//registry.example.com:8443/a/b/c:v1",
    [
      "registry.example.com:8443/a/b/c:v1",
      "registry.example.com:8443/a/b/c",
      "registry.example.com:8443/a/b",
      "registry.example.com:8443/a",
      "registry.example.com:8443",
      "*.example.com",
      "*.com",
    ],
  ],
  [`//localhost/a@${digest}`, [`localhost/a@${digest}`, "localhost/a", "localhost"]],
  [`//localhost/a:v1@${digest}`, [`localhost/a@${digest}`, "localhost/a", "localhost"]],
  ["//localhost:5000/a@@unknown-digest@@", ["localhost:5000/a", "localhost:5000"]],
])("the scopes of %s are those of containers/image", (text, scopes) => {
  expect(policyScopes(parseDockerImage(text))).toEqual(scopes);
});
