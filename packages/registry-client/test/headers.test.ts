import { DrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { nextLink } from "../src/link.ts";
import { createWarningReporter } from "../src/warnings.ts";
import { fakeHttp } from "./fake-http.ts";

describe("a Link header's next page", () => {
  const cases: readonly (readonly [readonly string[], string | undefined])[] = [
    [[], undefined],
    [['</v2/_catalog?last=b&n=2>; rel="next"'], "/v2/_catalog?last=b&n=2"],
    [["</a>; rel=next"], "/a"],
    [['</a>;rel="prev next"'], "/a"],
    [['</a>; title="x, y"; rel="next"'], "/a"],
    [['</a>; rel="prev", </b>; REL=NEXT'], "/b"],
    [['</a>; rel="prev"', '</b>; rel="next"'], "/b"],
    [['</a>; rel="nextish"'], undefined],
    [['</a>; title="rel=next"'], undefined],
    [["</a>"], undefined],
    [["/a; rel=next"], undefined],
    [["</a; rel=next"], undefined],
    [[`</${"a".repeat(20_000)}>; rel=next`], undefined],
  ];
  for (const [values, expected] of cases) {
    it(JSON.stringify(values).slice(0, 60), () => expect(nextLink(values)).toBe(expected));
  }
});

it("a registry's warnings are told once each, on one line, and what is no warning is not", () => {
  const told: string[] = [];
  const report = createWarningReporter("registry.example", (message) => told.push(message));
  const headers = (...values: string[]) => ({ get: () => values.join(", "), all: () => values });
  report(
    headers(
      '299 - "old \\"api\\""',
      '299 - "old \\"api\\""',
      '199 - "no"',
      '299 x "no"',
      '299 - "no" "date"',
    ),
  );
  report(headers('299 - "old \\"api\\""', '299 - "two"', '299 - "http://ann:secret@host/"', "no"));
  report(headers(`299 - "${"a".repeat(5000)}"`, '299 - "after too much"'));
  expect(told).toEqual([
    'registry.example warns: old "api"',
    "registry.example warns: two",
    "registry.example warns: http://***@host/",
  ]);
});

it("a registry that cannot be reached is told of once, while it is asked again", async () => {
  const warnings: string[] = [];
  let tries = 0;
  const http = fakeHttp(() => {
    tries++;
    if (tries <= 2 || tries === 4) {
      throw new DrayageError("ERR_DRAYAGE_CONNECTION", "cannot connect to registry.example: nothing", {
        retryable: true,
      });
    }
    expect(warnings).toHaveLength(1);
    return { status: 200, headers: { "docker-distribution-api-version": "registry/2.0" } };
  });
  const client = createRegistryClient({
    host: "registry.example",
    http,
    retry: { retries: 2, delay: 0 },
    onWarning: (message) => warnings.push(message),
  });
  await client.ping();
  await client.ping();
  expect(tries).toBeGreaterThan(4);
  expect(warnings).toEqual(["cannot connect to registry.example: nothing; trying again"]);
});
