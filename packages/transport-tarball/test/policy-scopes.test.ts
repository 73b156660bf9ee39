import { expect, it } from "vitest";
import { tarball } from "../src/index.ts";

it("a policy has no scopes for tarballs but the default", () => {
  const transport = tarball();
  expect(transport.policyScopes?.(transport.parse("/srv/layer.tar"))).toEqual([]);
});
