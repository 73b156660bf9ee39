import type { DocumentPlan } from "./plan.ts";
import { documentKey } from "./variants.ts";

/**
 * The documents of a plan in steps: what a document is made from (the members of an index, what an artifact refers to) is written in a step
 * before its own, and the documents of one step know nothing of each other. The plan's root has the last one for itself.
 */
export function writingSteps(documents: readonly DocumentPlan[]): readonly (readonly DocumentPlan[])[] {
  const stepOf = new Map<string, number>();
  const steps: DocumentPlan[][] = [];
  for (const document of documents) {
    let step = 0;
    for (const key of keysBefore(document)) step = Math.max(step, 1 + (stepOf.get(key) ?? -1));
    stepOf.set(documentKey(document), step);
    const others = steps[step];
    if (others === undefined) steps[step] = [document];
    else others.push(document);
  }
  return steps;
}

function keysBefore(document: DocumentPlan): readonly string[] {
  if (document.kind === "opaque") return [];
  const subject = document.subject === undefined ? [] : [document.subject];
  if (document.kind === "image") return subject;
  const { members, variants } = document;
  const copied = members.filter(({ action }) => action === "copy");
  const added = variants.map(({ digest, compression }) => documentKey({ digest, variant: compression }));
  return [...subject, ...copied.map(({ digest }) => digest), ...added];
}
