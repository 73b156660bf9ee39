import { DrayageError } from "@drayage/errors";
import type { Changing } from "./apply-changes.ts";
import type { ConfigChanges } from "./changes.ts";
import { editContainer, withoutVariable, withVariable } from "./edit-image.ts";
import { expandVariables } from "./expand.ts";

/** The environment. Values may use variables that the image has by then. */
export function changeEnv(
  changing: Changing,
  { env = [], variables = {}, unsetEnv = [] }: ConfigChanges,
): void {
  for (const change of env) changeVariable(changing, change);
  for (const [name, value] of Object.entries(variables)) replace(changing, name, value);
  // Also where none was given, as buildah does: whoever asks for the history gets this entry, too.
  changing.tell(`ENV ${env.join(" ")}`);
  for (const name of unsetEnv) unset(changing, name);
}

function changeVariable(changing: Changing, change: string): void {
  const { image, context } = changing;
  const at = change.indexOf("=");
  if (at !== -1) {
    const expanded = expandVariables(change.slice(at + 1), (name) => variableOf(changing, name));
    set(changing, change.slice(0, at), expanded);
  } else if (change === "-") {
    image((both) => editContainer(both, () => ({ Env: [] })));
  } else if (change.endsWith("-")) {
    unset(changing, change.slice(0, -1));
  } else {
    const value = context.env[change];
    if (!value) {
      throw new DrayageError(
        "ERR_DRAYAGE_USAGE",
        `the variable ${JSON.stringify(change)} has no value here that it could be given in the image`,
        { hint: "accepted: name=value, name (where the environment has it), name- and - to remove" },
      );
    }
    set(changing, change, value);
  }
}

function set({ image }: Changing, name: string, value: string): void {
  image((both) => editContainer(both, ({ Env }) => ({ Env: withVariable(Env, name, value) })));
}

function replace({ image }: Changing, name: string, value: string): void {
  const variable = `${name}=${value}`;
  image((both) =>
    editContainer(both, ({ Env = [] }) => {
      const at = Env.findIndex((each) => each.startsWith(`${name}=`));
      return { Env: at === -1 ? [...Env, variable] : Env.with(at, variable) };
    }),
  );
}

function unset({ image }: Changing, name: string): void {
  image((both) => editContainer(both, ({ Env }) => ({ Env: withoutVariable(Env, name) })));
}

function variableOf({ state, warn }: Changing, name: string): string {
  const prefix = `${name}=`;
  const found = state.image.oci.config?.Env?.find((variable) => variable.startsWith(prefix));
  if (found !== undefined) return found.slice(prefix.length);
  warn(`the image has no variable ${JSON.stringify(name)}: its name stands for it`);
  return name;
}
