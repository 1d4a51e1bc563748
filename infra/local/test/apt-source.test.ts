import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeOwnSources,
  parseDeb822Sources,
  parseDistribution,
  parseOneLineSources,
} from "../src/apt-source.ts";

const bookworm = { id: "debian", codename: "bookworm" };
const deb822 = `Types: deb
# a comment inside
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://tools.example/node
Suites: nodistro
Components: main

Types: deb deb-src
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

test("deb822 sources keep their mirror and key; other archives are left out", () => {
  assert.equal(
    encodeOwnSources(parseDeb822Sources(deb822), bookworm),
    `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`,
  );
});

test("another suite is asked of the release's own mirror, not of the security archive", () => {
  const text = encodeOwnSources(parseDeb822Sources(deb822), bookworm, "trixie");
  assert.match(text, /URIs: http:\/\/mirror\.example\/debian\nSuites: trixie\n/);
  assert.doesNotMatch(text, /security|bookworm/);
});

test("one-line sources mean the same", () => {
  const text = `# deb http://no.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/etc/key.gpg] http://mirror.example/debian bookworm main contrib # here
deb-src http://mirror.example/debian bookworm main
deb http://other.example bookworm stable
`;
  assert.equal(
    encodeOwnSources(parseOneLineSources(text), bookworm),
    `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main contrib
Architectures: amd64 arm64
Signed-By: /etc/key.gpg
`,
  );
});

test("a key written into the file stays whole", () => {
  const text = `Types: deb
URIs: http://mirror.example/ubuntu
Suites: noble
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
`;
  const encoded = encodeOwnSources(parseDeb822Sources(text), { id: "ubuntu", codename: "noble" });
  assert.match(encoded, /Components: main universe\n/);
  assert.match(encoded, /Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n \.\n abc\n -----END/);
});

test("only Debian and Ubuntu are taken for themselves", () => {
  assert.deepEqual(parseDistribution('ID=debian\nVERSION_CODENAME="bookworm"\n'), bookworm);
  assert.equal(parseDistribution("ID=fedora\nVERSION_CODENAME=\n"), undefined);
  assert.equal(parseDistribution(""), undefined);
});
