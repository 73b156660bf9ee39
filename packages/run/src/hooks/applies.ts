import type { HookConditions } from "./parse-hook.ts";

/** What of a container decides whether a hook is called. */
export interface HookedContainer {
  /** The program's path in the container. */
  readonly command: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hasBindMounts: boolean;
}

/** Whether the conditions hold, as containers/common decides it: all that are there, and at least one. */
export function applies(conditions: HookConditions, container: HookedContainer): boolean {
  const { always, hasBindMounts, annotations, commands, any } = conditions;
  const held = [
    ...(always === undefined ? [] : [() => always]),
    ...(hasBindMounts === undefined ? [] : [() => hasBindMounts && container.hasBindMounts]),
    ...annotations.map(
      (wanted) => () =>
        Object.entries(container.annotations).some(
          ([key, value]) => wanted.key.test(key) && wanted.value.test(value),
        ),
    ),
    ...(commands.length === 0 ? [] : [() => commands.some((pattern) => pattern.test(container.command))]),
  ];
  return any ? held.some((holds) => holds()) : held.length > 0 && held.every((holds) => holds());
}
