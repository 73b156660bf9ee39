/** When a runtime calls a program, in its order (runtime specification 1.0.2, "Lifecycle"). */
export const hookStages = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

export type HookStage = (typeof hookStages)[number];

/** A program that a runtime calls, as the runtime specification has it. */
export interface Hook {
  readonly path: string;
  /** From the program's name on. */
  readonly args?: readonly string[] | undefined;
  /** The whole environment. */
  readonly env?: readonly string[] | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
}

/** The member `hooks` of a container's `config.json`. */
export type HooksByStage = Readonly<Partial<Record<HookStage, readonly Hook[]>>>;
