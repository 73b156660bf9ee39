import { temporaryDirectory } from "@drayage-internal/peers";
import { it } from "vitest";
import { runCommand } from "../src/index.ts";
import { shell, smallRoot } from "./small-root.ts";

for (const isolation of ["oci", "chroot"] as const)
  it(`try ${isolation}`, async () => {
    const root = smallRoot(temporaryDirectory());
    const t = Date.now();
    console.log(
      await shell(
        root,
        "id; env; pwd; cat /proc/self/mountinfo; cat /proc/self/status; ls -la / /dev /run; cat /etc/hosts /etc/resolv.conf /etc/hostname; hostname; echo x > /dev/stderr; exit 3",
        {
          isolation,
          hostname: "box",
          runtime: "runc",
          cwd: "/a/b",
          user: "app",
          ulimits: ["nofile=2048:4096"],
          files: new Map([["/run/.containerenv", "hello"]]),
        },
      ),
      Date.now() - t,
    );
    console.log(
      await shell(root, "kill -9 $$", { isolation, runtime: "runc" }),
      await shell(root, "id; ls -laR /run /etc /a; (ulimit -a)", { isolation, runtime: "runc" }),
    );
  });
