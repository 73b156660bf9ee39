/** A line, and what is drawn below it. */
export interface TreeNode {
  readonly text: string;
  readonly children: readonly TreeNode[];
}

/** What is below a heading, as lines that are joined as podman and tree(1) join them. */
export function treeLines(children: readonly TreeNode[], indent = ""): readonly string[] {
  return children.flatMap((child, at) => {
    const isLast = at === children.length - 1;
    return [
      `${indent}${isLast ? "└── " : "├── "}${child.text}`,
      ...treeLines(child.children, `${indent}${isLast ? "    " : "│   "}`),
    ];
  });
}
