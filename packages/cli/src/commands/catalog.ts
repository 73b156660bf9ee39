import { listRepositories } from "../catalog.ts";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { imageOptions } from "../source-options.ts";
import type { CatalogFlags } from "./catalog.command.ts";

/** `dray catalog` */
export async function catalog(this: DrayContext, flags: CatalogFlags, given: string): Promise<void> {
  const host = given.replace(/^docker:\/\//, "").replace(/\/$/, "");
  const names: string[] = [];
  for await (const name of listRepositories(this, host, imageOptions(this, flags))) {
    if (flags.json) names.push(name);
    else this.process.stdout.write(`${name}\n`);
  }
  if (flags.json) this.process.stdout.write(goIndentedJson({ Registry: host, Repositories: names }));
}
