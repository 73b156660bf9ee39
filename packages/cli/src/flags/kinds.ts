import { settingParser, textParser } from "./parsers.ts";

export interface TextFlag {
  readonly kind: "parsed";
  readonly parse: typeof textParser;
  readonly optional: true;
  readonly placeholder: string;
  readonly brief: string;
}

/** The line of help of a flag with a value, which the parser shows like one without. */
export function valued(placeholder: string, brief: string): string {
  return `<${placeholder}> ${brief}`;
}

/** A flag with a value. */
export function text(placeholder: string, brief: string): TextFlag {
  return {
    kind: "parsed",
    parse: textParser,
    optional: true,
    placeholder,
    brief: valued(placeholder, brief),
  };
}

/** A flag that may be given several times, or once with commas. */
export function texts(placeholder: string, brief: string): TextFlag & { readonly variadic: "," } {
  return { ...text(placeholder, brief), variadic: "," };
}

interface SettingsFlag {
  readonly kind: "parsed";
  readonly parse: typeof settingParser;
  readonly optional: true;
  readonly variadic: true;
  readonly placeholder: string;
  readonly brief: string;
}

/** `--flag key=value`, any number of times. */
export function settings(brief: string): SettingsFlag {
  return {
    kind: "parsed",
    parse: settingParser,
    optional: true,
    variadic: true,
    placeholder: "key=value",
    brief: valued("key=value", brief),
  };
}

export interface SwitchFlag {
  readonly kind: "boolean";
  readonly optional: true;
  readonly withNegated: false;
  readonly brief: string;
}

/** A flag without a value; `--flag=false` says no. */
export function toggle(brief: string): SwitchFlag {
  return { kind: "boolean", optional: true, withNegated: false, brief };
}

/** What the flags are about that many commands take, in the order of help: behind a command's own. */
export const sharedSubjects = ["registry", "store", "everywhere"] as const;

type SharedSubject = (typeof sharedSubjects)[number];

/** Flags that many commands take. */
export function shared<Flags extends object>(subject: SharedSubject, flags: Flags): Flags {
  return Object.fromEntries(
    Object.entries(flags).map(([key, flag]) => [key, { ...flag, shared: subject }]),
  ) as Flags;
}

/** A flag that is understood but not shown. */
export function hidden<F extends object>(flag: F): F & { readonly hidden: true } {
  return { ...flag, hidden: true };
}
