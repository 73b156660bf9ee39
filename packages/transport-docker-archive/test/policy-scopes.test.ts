import { expect, it } from "vitest";
import { transport } from "./fixtures.ts";

it("a policy has no scopes for archives but the default", () => {
  expect(transport.policyScopes?.(transport.parse("/srv/app.tar:busybox:1"))).toEqual([]);
});
