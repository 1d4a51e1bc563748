/** The health check of the images, `node infra/health-check.ts <port>`: exit 0 while the process there says that it lives. */
const answerMsMax = 2_000;

const [port] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}/health/live`;
const isAlive = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) }).then(
  (response) => response.ok,
  () => false,
);
process.exit(isAlive ? 0 : 1);
