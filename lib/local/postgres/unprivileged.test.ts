import { expect, test } from "vitest";
import { postmasterPid } from "./leftover.ts";
import { userIn } from "./unprivileged.ts";

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
