const emailBytesMax = 254;
const usernameBytesMax = 64;
const displayNameBytesMax = 256;

/** Why a text cannot be an email address, or undefined when it can. Whether somebody reads it, only a letter shows. */
export function emailRefusal(text: string): string | undefined {
  if (Buffer.byteLength(text) > emailBytesMax) return `must have at most ${emailBytesMax} bytes of UTF-8`;
  return /^[^\s\p{C}"@]{1,64}@[^\s\p{C}"@]{1,255}$/u.test(text) ? undefined : "must be an email address";
}

/** Why a text cannot be a username: letters and digits of any script, never with `@`, so that it is no address. */
export function usernameRefusal(text: string): string | undefined {
  if (Buffer.byteLength(text) > usernameBytesMax)
    return `must have at most ${usernameBytesMax} bytes of UTF-8`;
  if (/^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.-]*$/u.test(text)) return undefined;
  return "must be letters, digits and _ . - and begin with one of the first three";
}

/** Why a text cannot be a display name: anything that shows, well-formed, without control characters. */
export function displayNameRefusal(text: string): string | undefined {
  if (Buffer.byteLength(text) > displayNameBytesMax) {
    return `must have at most ${displayNameBytesMax} bytes of UTF-8`;
  }
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return "must be well-formed text without control characters";
  return /\S/u.test(text) ? undefined : "must not be blank";
}
