/**
 * A store that speaks as much of S3 as files need: objects of one bucket, whole and in parts. Signatures are made again by a library that
 * ours does not use, and compared; what does not match its digest is not kept.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import aws4 from "aws4";

export interface BucketServer {
  readonly url: string;
  /** By path. */
  readonly objects: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

export async function openBucketServer(keys: {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): Promise<BucketServer> {
  const objects = new Map<string, Buffer>();

  const isSigned = ({ method = "", url = "", headers }: IncomingMessage): boolean => {
    const said = headers.authorization ?? "";
    const [, names = ""] = /SignedHeaders=([^,]+)/.exec(said) ?? [];
    const signed = Object.fromEntries(names.split(";").map((name) => [name, String(headers[name] ?? "")]));
    const about = { service: "s3", region: keys.region, method, path: url, host: headers.host ?? "" };
    const { headers: right = {} } = aws4.sign({ ...about, headers: { ...signed } }, keys);
    return (
      names.split(";").includes("host") &&
      said.replaceAll(" ", "") === String(right["Authorization"]).replaceAll(" ", "")
    );
  };

  const server = createServer((req, res) => {
    void (async () => {
      const { method, url = "", headers } = req;
      const bytes = await buffer(req);
      const digest = headers["x-amz-content-sha256"];
      const end = (status: number, body?: Buffer): void => void res.writeHead(status).end(body);
      if (!isSigned(req)) return end(403, Buffer.from("SignatureDoesNotMatch"));
      if (method === "PUT") {
        if (digest !== createHash("sha256").update(bytes).digest("hex")) return end(400);
        objects.set(url, bytes);
        return end(200);
      }
      const object = objects.get(url);
      if (object === undefined) return end(404);
      const [range, from = "", to = ""] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
      if (range === undefined) return end(200, object);
      end(206, object.subarray(Number(from), Number(to) + 1));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
