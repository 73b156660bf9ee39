import { homedir } from "node:os";

/** Environment variables: `process.env`, or what a test puts in its place. */
export type Environment = Readonly<Partial<Record<string, string>>>;

/** The user's home folder: `$HOME`, else what the system says. */
export function homeFolder(env: Environment): string {
  return variable(env, "HOME") ?? homedir();
}

/** A variable's value; undefined where it is not set, or empty, which means the same. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === "" ? undefined : value;
}
