import { stat } from "node:fs/promises";
import { findLogin, parseLoginName, removeAllLogins, removeLogin } from "@drayage/containers-config";
import { DrayageError, ioError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { hostOf, isLoginTaken, type LoginSettings, loginSettings, notLoggedIn } from "../login-settings.ts";
import type { LogoutFlags } from "./logout.command.ts";

/** `dray logout`, with the messages of skopeo. */
export async function logout(this: DrayContext, flags: LogoutFlags, registry?: string): Promise<void> {
  const print = (line: string): unknown => this.process.stdout.write(`${line}\n`);
  for (const file of [flags.authfile, flags.compatAuthFile]) await checkFile(file);
  if (flags.all && registry !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--all takes no arguments");
  }
  if (!flags.all && registry === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "please provide a registry to log out from");
  }
  const name = registry === undefined ? undefined : parseLoginName(registry);
  const settings = await loginSettings(this, flags);
  if (name === undefined) {
    await removeAllLogins(settings.options);
    print("Removed login credentials for all registries");
    return;
  }
  if (await removeLogin(name, settings.options)) {
    print(`Removed login credentials for ${name}`);
    return;
  }
  if (this.personality === "dray") throw notLoggedIn(name, await whereElse(name, settings));
  if (!(await isLoggedInElsewhere(name, { flags, settings }))) throw notLoggedIn(name);
  print(
    `Not logged into ${name} with current tool. Existing credentials were established via docker login. Please use docker logout instead.`,
  );
}

/** As skopeo: where nothing can be removed because a file is missing, the name of the file is what is wrong. */
async function checkFile(path: string | undefined): Promise<void> {
  if (!path) return;
  try {
    await stat(path);
  } catch (error) {
    throw ioError(error, "read the logins in", { path });
  }
}

/** A login in a file that login does not write, or for what the name lies in. */
async function whereElse(name: string, { options }: LoginSettings): Promise<string | undefined> {
  const found = await findLogin(name, options);
  if (found?.file === undefined) return undefined;
  const other = name.startsWith(`${found.key}/`) ? found.key : name;
  return `there is a login of ${found.key} in ${found.file}: dray logout --authfile ${found.file} ${other}`;
}

async function isLoggedInElsewhere(
  name: string,
  { flags, settings }: { readonly flags: LogoutFlags; readonly settings: LoginSettings },
): Promise<boolean> {
  const found = await findLogin(name, settings.options);
  if (found === undefined || "identityToken" in found.credentials) return false;
  try {
    return await isLoginTaken({ ...flags, host: hostOf(name), credentials: found.credentials }, settings);
  } catch (error) {
    if (settings.options.signal?.aborted) throw error;
    // One that cannot be tried is none, as for skopeo: what is said is that nobody is logged in.
    return false;
  }
}
