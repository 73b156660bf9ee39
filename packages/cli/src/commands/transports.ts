import { type Ability, abilities, knownTransports, type RegisteredTransport } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { tableLines } from "../output/table.ts";
import type { TransportsFlags } from "./transports.command.ts";

const abilityNames: Readonly<Record<Ability, string>> = {
  openSource: "read",
  openDestination: "write",
  deleteImage: "delete",
  listTags: "list",
};

/** `dray transports` */
export async function transports(this: DrayContext, flags: TransportsFlags): Promise<void> {
  const { registry } = await openLocations(this, flags.plugin);
  const rows = [];
  for (const entry of registry.transports()) rows.push(await describe(entry));
  const missing = knownTransports
    .filter((known) => !registry.has(known.scheme))
    .map((known) => ({ scheme: known.scheme, package: known.package }));
  if (flags.json) {
    this.process.stdout.write(`${JSON.stringify({ transports: rows, missing }, null, 4)}\n`);
    return;
  }
  const lines = tableLines(
    ["TRANSPORT", "CAN", "REFERENCE", "REACHES"],
    rows.map((row) => [
      [row.scheme, ...row.aliases].join(", "),
      row.abilities.join(" "),
      `${row.scheme}:${row.syntax}`,
      row.summary,
    ]),
  );
  for (const known of missing) lines.push(`${known.scheme}: not installed (npm install ${known.package})`);
  this.process.stdout.write(`${lines.join("\n")}\n`);
}

interface Row {
  readonly scheme: string;
  readonly aliases: readonly string[];
  readonly abilities: readonly string[];
  readonly syntax: string;
  readonly summary: string;
}

async function describe(entry: RegisteredTransport): Promise<Row> {
  const { scheme, aliases, summary, syntax } = entry;
  const can = abilities(await entry.load()).map((ability) => abilityNames[ability]);
  return { scheme, aliases, abilities: can, syntax, summary };
}
