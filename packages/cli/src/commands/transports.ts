import { abilities, type TransportAbility, type TransportEntry } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { knownSchemes, openLocations } from "../locations.ts";
import { tableLines } from "../output/table.ts";
import type { TransportsFlags } from "./transports.command.ts";

const abilityNames: Readonly<Record<TransportAbility, string>> = {
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
  const present = new Set(rows.map((row) => row.scheme));
  const absent = Object.entries(knownSchemes).filter(([scheme]) => !present.has(scheme));
  if (flags.json) {
    const missing = absent.map(([scheme, from]) => ({ scheme, package: from }));
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
  for (const [scheme, from] of absent) lines.push(`${scheme}: not installed; its package is ${from}`);
  this.process.stdout.write(`${lines.join("\n")}\n`);
}

interface Row {
  readonly scheme: string;
  readonly aliases: readonly string[];
  readonly abilities: readonly string[];
  readonly syntax: string;
  readonly summary: string;
}

async function describe(entry: TransportEntry): Promise<Row> {
  const { scheme, aliases = [], summary, syntax } = entry;
  const can = abilities(await entry.load()).map((ability) => abilityNames[ability]);
  return { scheme, aliases, abilities: can, syntax, summary };
}
