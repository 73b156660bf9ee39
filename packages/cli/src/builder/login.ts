import { login as logIn } from "../commands/login.ts";
import { logout as logOut } from "../commands/logout.ts";
import type { DrayContext } from "../context.ts";
import type { BuilderLoginFlags, BuilderLogoutFlags } from "./manage.command.ts";
import { said } from "./said.ts";

/** `buildah login` */
export async function login(this: DrayContext, flags: BuilderLoginFlags, ...words: string[]): Promise<void> {
  const [registry] = words;
  if (words.length > 1) throw said("too many arguments, login takes only 1 argument");
  if (registry === undefined) throw said("please specify a registry to login to");
  await logIn.call(this, flags, registry);
}

/** `buildah logout` */
export async function logout(
  this: DrayContext,
  flags: BuilderLogoutFlags,
  ...words: string[]
): Promise<void> {
  const [registry] = words;
  if (words.length > 1) throw said("too many arguments, logout takes at most 1 argument");
  if (registry === undefined && !flags.all) throw said("registry must be given");
  await logOut.call(this, flags, registry);
}
