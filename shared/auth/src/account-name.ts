const emailBytesMax = 254;
const usernameBytesMax = 64;
const displayNameBytesMax = 256;
const specialisationBytesMax = 128;
const languageCharsMax = 35;

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
  return shownRefusal(text, displayNameBytesMax);
}

/** Why a text cannot be a specialisation: as a display name. */
export function specialisationRefusal(text: string): string | undefined {
  return shownRefusal(text, specialisationBytesMax);
}

/** Why a text cannot be a language: what is not in the form of an IETF tag (BCP 47), such as `de` or `pt-BR`. */
export function languageRefusal(text: string): string | undefined {
  const isTag = text.length <= languageCharsMax && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(text);
  return isTag ? undefined : "must be a language tag such as de or pt-BR";
}

function shownRefusal(text: string, bytesMax: number): string | undefined {
  if (Buffer.byteLength(text) > bytesMax) return `must have at most ${bytesMax} bytes of UTF-8`;
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return "must be well-formed text without control characters";
  return /\S/u.test(text) ? undefined : "must not be blank";
}
