import { parseNormalizedNamed } from "@drayage/reference";
import { expect, it } from "vitest";
import { nameScopes } from "../src/index.ts";

const digest = `sha256:${"ab".repeat(32)}`;

it.each([
  [
    "busybox:1",
    ["docker.io/library/busybox:1", "docker.io/library/busybox", "docker.io/library", "docker.io", "*.io"],
  ],
  [
    "a.example.com:80/b:1",
    ["a.example.com:80/b:1", "a.example.com:80/b", "a.example.com:80", "*.example.com", "*.com"],
  ],
  [`localhost/b:1@${digest}`, [`localhost/b@${digest}`, "localhost/b", "localhost"]],
  ["localhost/b", ["localhost/b", "localhost"]],
])("%s has its name, and what it is in", (text, scopes) => {
  expect(nameScopes(parseNormalizedNamed(text))).toEqual(scopes);
});
