import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeTarHeader, tarEnd } from "@drayage/tar";
import { afterAll, expect, it } from "vitest";
import {
  allTransports,
  copy,
  createRegistry,
  type ProgressEvent,
  planCopy,
  requireAbility,
  validateImage,
  withEnds,
} from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "drayage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The names of all fields in what JSON.stringify would print. */
function fieldsOf(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  JSON.stringify(value, (key, inner: unknown) => {
    if (key !== "" && !/^\d+$/.test(key) && inner !== undefined) found.add(key);
    return inner;
  });
  return found;
}

it("docs/json.md names every field of results, plans, reports and events", async () => {
  const path = join(folder, "layer.tar");
  writeFileSync(path, Buffer.concat([encodeTarHeader({ name: "empty", type: "file", size: 0 }), tarEnd()]));
  const registry = createRegistry(allTransports());
  const from = await registry.resolve(`tarball:${path}`);
  const to = await registry.resolve(`oci-dir:${join(folder, "layout")}:app`);
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent): void => void events.push(event);

  const plan = await withEnds(from, to, {}, (ends) => planCopy({ ...ends }));
  const results = [await copy(from, to, { onProgress }), await copy(from, to, { onProgress })];
  writeFileSync(join(folder, "layout", "blobs", "sha256", results[0]?.digest.slice(7) ?? ""), "{}");
  const source = await requireAbility(to.transport, "openSource").openSource(to.reference);
  const report = await validateImage(source, { onProgress });
  await source.close();
  expect(report.valid).toBe(false);

  const { contents: _, ...printedPlan } = plan;
  const printedResults = results.map(({ manifest, ...printed }) => printed);
  const fields = fieldsOf([printedPlan, printedResults, report, events]);
  const text = readFileSync(join(import.meta.dirname, "../../../docs/json.md"), "utf8");
  const named = new Set(
    [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => code.split(/[^A-Za-z]+/)),
  );
  expect(fields.size).toBeGreaterThan(30);
  expect([...fields].filter((field) => !named.has(field))).toEqual([]);
});
