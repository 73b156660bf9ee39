import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Environment } from "../../src/environment.ts";

/** The folders and variables of a user who has nothing yet. */
export interface Machine {
  readonly folder: string;
  readonly home: string;
  readonly env: Environment & { readonly HOME: string; readonly XDG_RUNTIME_DIR: string };
  /** The file that logins are written to. */
  readonly authJson: string;
  /** docker's, in the home folder. */
  readonly dockerJson: string;
  /** Where the fake helper keeps its logins: a file a server. */
  readonly helperStore: string;
  /** Writes a file, and its folders. A document is written as JSON. Gives back its path. */
  write(path: string, content: unknown): string;
  /** Installs a program of this name, a shell script. */
  install(name: string, script: string): void;
}

/** A machine that lasts as long as the test. */
export function createMachine(): Machine {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const [home, runtime, bin, helperStore] = [at("home"), at("runtime"), at("bin"), at("store")];
  const write = (path: string, content: unknown): string => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  return {
    folder,
    home,
    helperStore,
    env: {
      HOME: home,
      XDG_RUNTIME_DIR: runtime,
      PATH: `${bin}:/usr/bin:/bin`,
      HELPER_STORE: helperStore,
    },
    authJson: join(runtime, "containers", "auth.json"),
    dockerJson: join(home, ".docker", "config.json"),
    write,
    install(name, script) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
  };
}

/** Speaks the protocol of docker's credential helpers, and keeps each login in a file of `$HELPER_STORE`. */
export const fakeHelper = `
input=$(cat)
echo "$1" >> "$HELPER_STORE/.calls"
file() { printf '%s/%s' "$HELPER_STORE" "$(printf '%s' "$1" | tr '/' '%')"; }
case "$1" in
  store)
    server=$(printf '%s' "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
    printf '%s' "$input" > "$(file "$server")" ;;
  get)
    [ -f "$(file "$input")" ] || { echo 'credentials not found in native keychain'; exit 1; }
    cat "$(file "$input")" ;;
  erase)
    [ -f "$(file "$input")" ] || { echo 'credentials not found in native keychain'; exit 1; }
    rm "$(file "$input")" ;;
  list)
    printf '{'
    first=1
    for one in "$HELPER_STORE"/*; do
      [ -f "$one" ] || continue
      [ -n "$first" ] || printf ','
      first=
      printf '"%s":"somebody"' "$(basename "$one" | tr '%' '/')"
    done
    printf '}' ;;
esac`;

/** Puts a login into the store of the fake helper. */
export function putInHelper(machine: Machine, server: string, login: { user: string; secret: string }): void {
  const content = { ServerURL: server, Username: login.user, Secret: login.secret };
  machine.write(join(machine.helperStore, server.replaceAll("/", "%")), content);
}

/** What the fake helper was asked, in order. */
export function helperCalls({ helperStore }: Machine): readonly string[] {
  try {
    return readFileSync(join(helperStore, ".calls"), "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

/** `auth` of a user and password. */
export function auth(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}
