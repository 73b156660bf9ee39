import { DrayageError } from "@drayage/errors";
import { applyChanges } from "../state/apply-changes.ts";
import type { ConfigChanges } from "../state/changes.ts";
import { editDockerContainer } from "../state/edit-image.ts";
import { updateState } from "../state/save-state.ts";
import type { BuilderState } from "../state/state.ts";
import type { CreateContainerOptions } from "./options.ts";
import type { StoreContainer } from "./store-container.ts";

/** What a trigger changes in the config, from its words: as `buildah from` has it, which splits at single blanks and knows no quotes. */
const changesOf: Readonly<Record<string, (words: readonly string[]) => ConfigChanges>> = {
  ANNOTATION: ([word = ""]) => (word.includes("=") ? { annotations: [word] } : { unsetAnnotations: [word] }),
  CMD: (words) => ({ cmd: words }),
  ENV: ([word = ""]) => {
    const at = word.indexOf("=");
    if (at === -1) return { unsetEnv: [word] };
    // Set anew, a variable is the last; nothing is expanded.
    return { env: [`${word.slice(0, at)}-`], variables: { [word.slice(0, at)]: word.slice(at + 1) } };
  },
  ENTRYPOINT: (words) => ({ entrypoint: words }),
  EXPOSE: (words) => ({ ports: [words.join(" ")] }),
  HOSTNAME: (words) => ({ hostname: words.join(" ") }),
  LABEL: ([word = ""]) => (word.includes("=") ? { labels: [word] } : { unsetLabels: [word] }),
  MAINTAINER: (words) => ({ author: words.join(" ") }),
  SHELL: (words) => ({ shell: words }),
  STOPSIGNAL: (words) => ({ stopSignal: words.join(" ") }),
  USER: (words) => ({ user: words.join(" ") }),
  VOLUME: (words) => ({ volumes: [words.join(" ")] }),
  WORKDIR: (words) => ({ workingDir: words.join(" ") }),
  WORKINGDIR: (words) => ({ workingDir: words.join(" ") }),
};

/**
 * Carries out the triggers (ONBUILD) of a container's base, and takes them out of the container.
 *
 * @throws ERR_DRAYAGE_RUNTIME where a command fails, and what adding and running throw
 */
export async function carryOutTriggers(
  container: StoreContainer,
  { contextDir, onStep, onWarning, signal }: CreateContainerOptions,
): Promise<void> {
  const triggers = container.state.image.docker.config?.OnBuild ?? [];
  for (const [index, text] of triggers.entries()) {
    onStep?.({ number: index + 1, text });
    await carryOut(container, text, { contextDir, onWarning, signal });
  }
  await updateState(container.store, container.id, withoutTriggers, { signal });
  await container.refresh({ signal });
}

function withoutTriggers(state: BuilderState): BuilderState {
  return { ...state, image: editDockerContainer(state.image, () => ({ OnBuild: [] })) };
}

async function carryOut(
  container: StoreContainer,
  text: string,
  {
    contextDir = process.cwd(),
    onWarning,
    signal,
  }: Pick<CreateContainerOptions, "contextDir" | "onWarning" | "signal">,
): Promise<void> {
  const [instruction = "", ...words] = text.split(" ");
  const name = instruction.toUpperCase();
  if (name === "ADD" || name === "COPY") {
    const destination = words.length > 1 ? (words.pop() ?? "") : "";
    const options = { contextDir, onWarning, signal };
    await (name === "ADD"
      ? container.add(words, destination, options)
      : container.copy(words, destination, options));
  } else if (name === "RUN") {
    const { exitCode } = await container.run(words, { signal });
    if (exitCode !== 0) {
      throw new DrayageError(
        "ERR_DRAYAGE_RUNTIME",
        `the base's trigger ${JSON.stringify(text)} ended with ${exitCode}`,
      );
    }
  } else if (name === "ONBUILD") {
    // It would be taken away with the others.
  } else if (Object.hasOwn(changesOf, name)) {
    const changes = changesOf[name]?.(words) ?? {};
    const context = { env: {}, now: new Date(), onWarning };
    await updateState(container.store, container.id, (state) => applyChanges(state, changes, context), {
      signal,
    });
  } else {
    onWarning?.(`the base's trigger ${JSON.stringify(text)} is not known, and left out`);
  }
}
