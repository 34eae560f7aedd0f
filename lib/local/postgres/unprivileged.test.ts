import { describe, expect, test } from "vitest";
import { postmasterPid } from "./leftover.ts";
import { unprivilegedRunner, userIn } from "./unprivileged.ts";

test("a user's ids, but never root's", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nevil:x:0:0::/:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
  expect(userIn(passwd, "nobody")).toEqual({ uid: 65_534, gid: 65_533 });
  expect(userIn(passwd, "root")).toBeNull();
  expect(userIn(passwd, "evil")).toBeNull();
  expect(userIn(passwd, "postgres")).toBeNull();
});

test("the process of a lock file; never one that a signal to would hit everything", () => {
  expect(postmasterPid("1234\n/data\n")).toBe(1234);
  for (const text of ["", "0\n", "1\n", "-1\n", "12x\n"]) expect(postmasterPid(text)).toBeNull();
});

describe("the way to run as root", () => {
  const passwd = () => "nobody:x:65534:65533::/:/bin/false\n";
  const place = { program: "/srv/postgres", directory: "/srv/state", uid: 0, passwd };

  test("a plain user needs none", async () => {
    const runner = await unprivilegedRunner({ ...place, uid: 1000, works: () => false });
    expect(runner.commandLine("p", ["-a"])).toEqual({ command: "p", args: ["-a"] });
    expect(runner.owner).toBeUndefined();
  });

  test("a namespace of its own comes first, and leaves the data root's", async () => {
    const runner = await unprivilegedRunner({ ...place, works: () => true });
    expect(runner.commandLine("p", ["-a"])).toEqual({ command: "unshare", args: ["-U", "--map-user=1000", "--", "p", "-a"] });
    expect(runner.owner).toEqual({ uid: 0, gid: 0 });
  });

  test.each([
    ["namespaces are closed", ({ command }: { command: string }) => command === "setpriv"],
    ["the namespace does not reach the folder", ({ command, args }: { command: string; args: readonly string[] }) => command === "setpriv" || !args.includes("/srv/state")],
  ])("another user who may pass over permissions, where %s", async (_, works) => {
    const runner = await unprivilegedRunner({ ...place, works });
    expect(runner.commandLine("p", []).command).toBe("setpriv");
    expect(runner.owner).toEqual({ uid: 65_534, gid: 65_533 });
    expect(runner.user).toBeUndefined();
  });

  test("else that user as it is, where every folder above is open", async () => {
    const open = { ...place, program: "/usr/bin/env", directory: "/usr/lib" };
    expect(await unprivilegedRunner({ ...open, works: () => false })).toMatchObject({ user: { uid: 65_534 }, owner: { uid: 65_534 } });
  });

  test("no way at all is said in one line", async () => {
    await expect(unprivilegedRunner({ ...place, passwd: () => "", works: () => false })).rejects.toThrow(/^PostgreSQL refuses to run as root here: .*plain user/);
  });
});
