import { type FoundLogin, findLogin, parseLoginName, storeLogin } from "@drayage/containers-config";
import { DrayageError } from "@drayage/errors";
import type { Credentials } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { hostOf, isLoginTaken, loginSettings, notLoggedIn } from "../login-settings.ts";
import { askLine, askSecret, readAllText } from "../prompt.ts";
import type { LoginFlags } from "./login.command.ts";

/** `dray login`, with the messages of skopeo. */
export async function login(this: DrayContext, flags: LoginFlags, registry: string): Promise<void> {
  const print = (line: string): unknown => this.process.stdout.write(`${line}\n`);
  const name = parseLoginName(registry);
  const settings = await loginSettings(this, flags);
  const found = await findLogin(name, settings.options);
  if (flags.getLogin) {
    if (found?.username === undefined) throw notLoggedIn(name, `dray login ${name}`);
    print(found.username);
    return;
  }
  const password = await givenPassword(this, flags);
  const isTaken = (credentials: Credentials): Promise<boolean> =>
    isLoginTaken({ ...flags, host: hostOf(name), credentials }, settings);
  const reusable = flags.username || password ? undefined : reusableCredentials(found, name);
  if (reusable !== undefined) {
    print(`Authenticating with existing credentials for ${name}`);
    if (await isTaken(reusable)) {
      print(`Existing credentials are valid. Already logged in to ${hostOf(name)}`);
      return;
    }
    print("Existing credentials are invalid, please enter valid username and password");
  }
  const username = flags.username || (await askUsername(this, found?.username));
  const credentials = { username, password: password || (await askSecret(this, "Password: ")) };
  if (!(await isTaken(credentials))) throw refused(name);
  const { file, helper } = await storeLogin(name, credentials, settings.options);
  if (flags.verbose) print(`Used:  ${helper === undefined ? file : `credential helper: ${helper}`}`);
  print("Login Succeeded!");
}

async function givenPassword(context: DrayContext, flags: LoginFlags): Promise<string | undefined> {
  if (!flags.passwordStdin) return flags.password;
  if (flags.password) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "can't specify both --password-stdin and --password");
  }
  if (!flags.username) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "must provide --username with --password-stdin");
  }
  // As skopeo: line ends do not count.
  const password = (await readAllText(context)).replace(/\r?\n/g, "");
  if (password === "") throw new DrayageError("ERR_DRAYAGE_USAGE", "there is no password on standard input");
  return password;
}

/** A stored login that may still be good, so that nobody has to be asked. */
function reusableCredentials(found: FoundLogin | undefined, name: string): Credentials | undefined {
  if (found === undefined) return undefined;
  if ("identityToken" in found.credentials) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `there is an identity token for ${name} already`, {
      hint: `dray logout ${name} removes it, dray login --username USER ${name} replaces it`,
    });
  }
  const { username, password } = found.credentials;
  return username === "" || password === "" ? undefined : found.credentials;
}

async function askUsername(context: DrayContext, known: string | undefined): Promise<string> {
  const question = known === undefined ? "Username: " : `Username (${known}): `;
  const username = (await askLine(context, question)).trim() || known;
  if (username === undefined) throw new DrayageError("ERR_DRAYAGE_USAGE", "a user's name is needed");
  return username;
}

function refused(name: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_UNAUTHORIZED",
    `logging into ${JSON.stringify(name)}: invalid username/password`,
    { hint: "check both; some registries want a token in place of the password" },
  );
}
