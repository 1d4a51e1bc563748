/** The JSON a response carries, taken for what the caller expects: a wrong one fails the test that reads it. */
export async function readJson<T>(response: Response): Promise<T> {
  const value: T = JSON.parse(await response.text());
  return value;
}
