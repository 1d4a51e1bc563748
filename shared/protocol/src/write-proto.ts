import { writeFileSync } from "node:fs";
import { renderProto } from "./proto-text.ts";

writeFileSync(new URL("../frame.proto", import.meta.url), renderProto());
