import { describeMessages } from "./proto.ts";

/** The text of `frame.proto`, for people and other languages; a test holds the file against it. */
export function renderProto(): string {
  const lines = [
    "// Made from src/frame.ts by `node src/write-proto.ts`; do not edit.",
    'syntax = "proto3";',
    "package rookery.v1;",
  ];
  for (const [name, message] of Object.entries(describeMessages())) {
    const choice = message.oneofs?.["frame"];
    lines.push("", `message ${name} {`);
    if (choice !== undefined) lines.push("  oneof frame {");
    for (const [fieldName, field] of Object.entries(message.fields)) {
      const type = field.keyType === undefined ? field.type : `map<${field.keyType}, ${field.type}>`;
      const optional = field.options === undefined ? "" : "optional ";
      const rule = field.rule === "repeated" ? "repeated " : optional;
      const indent = choice === undefined ? "  " : "    ";
      lines.push(`${indent}${rule}${type} ${snake(fieldName)} = ${field.id};`);
    }
    if (choice !== undefined) lines.push("  }");
    lines.push("}");
  }
  return `${lines.join("\n")}\n`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
